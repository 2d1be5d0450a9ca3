import { redactArgs } from '../../inventory/index.ts';

/** Characters of a command's complaint that may be logged. */
const MAX_COMPLAINT_LENGTH = 200;
/** Characters of one word of it. Longer ones are left out: they are hardly prose, and might be half a token. */
const MAX_WORD_LENGTH = 64;

/**
 * What a command wrote to stderr as it may be logged: its first words in one line without control characters. Secrets
 * are replaced by their look and by the names before them, and so is each word that stands in stdout, too.
 */
export function redactComplaint(stderr: Buffer, stdout: Buffer): string {
  const value = stdout.toString('utf8').trim();
  const words = stderr
    .toString('utf8')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const hides = (word: string) =>
    word.length > MAX_WORD_LENGTH || (value !== '' && (value.includes(word) || word.includes(value)));
  return redactArgs(words, 'show')
    .map((word, index) => (hides(words[index] ?? '') ? '…' : word))
    .join(' ')
    .slice(0, MAX_COMPLAINT_LENGTH);
}
