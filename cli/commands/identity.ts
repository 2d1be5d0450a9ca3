import { identityKeySet, MAX_KEY_SET_BYTES, readKeySet, verifyToken } from '../../approval/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { readInput } from '../input-text.ts';
import { type Output, printable } from '../output.ts';

/** Bytes of a file with a token. */
const MAX_TOKEN_BYTES = 16 * 1024;
/** A JWS in compact serialisation begins with the `{"` of its header. */
const TOKEN = /^eyJ[\w-]*\./;

/** `sealwatch identity keys`: the key set with which others verify the tokens of this host. */
export function identityKeys({ stateDir }: { readonly stateDir: string }, output: Output): ExitCode {
  output.answer(identityKeySet(stateDir).trimEnd());
  return EXIT.fine;
}

export interface IdentityVerifyOptions {
  readonly audience: string;
  /** File with the keys that count. */
  readonly keys: string;
}

/** `sealwatch identity verify`: whether a token, which may be given itself or as a file, is to be believed now. */
export function identityVerify(given: string, options: IdentityVerifyOptions, output: Output): ExitCode {
  const { audience, keys: path } = options;
  if (given === '-' && path === '-') throw new CliError('CLI_USAGE', 'token and keys cannot both be stdin');
  const token = TOKEN.test(given) ? given : readInput(given, MAX_TOKEN_BYTES).trim();
  const keys = readKeySet(readInput(path, MAX_KEY_SET_BYTES));
  if (keys === null)
    throw new CliError('CLI_FILE_UNREADABLE', `${path} holds no key set`, {
      hint: '`sealwatch identity keys` writes one',
    });
  const verdict = verifyToken(token, { keys, audience, nowMs: Date.now() });
  if (output.json) output.answerJson(verdict);
  else if (!verdict.valid) output.answer(`refused: ${verdict.fault}`);
  else {
    const { sub, exp, ...rest } = verdict.claims;
    output.answer(`${printable(sub)}, until ${new Date(exp * 1_000).toISOString()}`);
    for (const [name, value] of Object.entries(rest)) output.answer(`  ${name}: ${printable(String(value))}`);
  }
  return verdict.valid ? EXIT.fine : EXIT.findings;
}
