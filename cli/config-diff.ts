import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { classifySecret, redactShapes } from '../inventory/index.ts';

/** Unchanged lines around a change. */
const CONTEXT_LINES = 3;
/** A key with a value that is a text, in quotes or without. */
const MEMBER =
  /([\w.-]{1,200})(["']?\s{0,8}[:=][ \t]{0,8})("(?:[^"\\\r\n]|\\.){1,4096}"|'[^'\r\n]{1,4096}'|[^\s"',{}[\]][^"',{}[\]\r\n]{0,4096})/g;
/** A flag and the word behind it, in a list on one line or on several. */
const FLAG =
  /(--?[A-Za-z][\w-]{1,100})(["']?\s{0,8},?\s{0,80}(?:-\s{1,8})?)("(?:[^"\\\r\n]|\\.){1,4096}"|'[^'\r\n]{1,4096}'|[^\s"',{}[\]]{1,4096})/g;

export interface EditedText {
  readonly path: string;
  readonly before: Buffer;
  readonly after: Buffer;
}

/** Unified diff of a config before and after an edit; what could be a secret is replaced by its class. */
export function configDiff({ path, before, after }: EditedText): string {
  const [old = '', now = ''] = [before, after].map((bytes) => withoutSecrets(textOf(bytes)));
  const options = { context: CONTEXT_LINES, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(path, path, old, now, '', '', options);
}

function textOf(bytes: Buffer): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes);
}

function withoutSecrets(text: string): string {
  return redactShapes(text.replace(MEMBER, withoutSecret).replace(FLAG, withoutSecret));
}

function withoutSecret(whole: string, name: string, between: string, value: string): string {
  const [, quote = '', inner = value] = /^(["'])(.*)\1$/s.exec(value) ?? [];
  // A value without quotes may have a comment behind it.
  const found = classifySecret(name.replace(/^-+/, ''), inner.replace(/\s+#.*$|\s+$/s, ''));
  return found === null ? whole : `${name}${between}${quote}<redacted:${found}>${quote}`;
}
