import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { classifySecret, redactShapes } from '../inventory/index.ts';

/** Unchanged lines around a change. */
const CONTEXT_LINES = 3;
/** A key with a value that is a text or a plain word. */
const MEMBER = /([\w.-]{1,200})(["']?\s{0,8}[:=]\s{0,8}["']?)([^\s"',{}[\]]{1,4096})/g;

/** Unified diff of a config before and after an edit; values that are secrets are replaced by their class. */
export function configDiff({
  path,
  before,
  after,
}: {
  readonly path: string;
  readonly before: Buffer;
  readonly after: Buffer;
}): string {
  const [old, now] = [textOf(before), textOf(after)];
  const options = { context: CONTEXT_LINES, headerOptions: FILE_HEADERS_ONLY };
  const patch = createTwoFilesPatch(path, path, old, now, '', '', options);
  return patch.split('\n').map(withoutSecret).join('\n');
}

function textOf(bytes: Buffer): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes);
}

function withoutSecret(line: string): string {
  return redactShapes(
    line.replace(MEMBER, (whole, key: string, assign: string, value: string) => {
      const found = classifySecret(key, value);
      return found === null ? whole : `${key}${assign}<redacted:${found}>`;
    }),
  );
}
