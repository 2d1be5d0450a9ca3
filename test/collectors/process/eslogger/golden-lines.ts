import { readdirSync, readFileSync } from 'node:fs';

/** Holds what eslogger writes (`<name>.jsonl`) and what becomes of it (`<name>.events.jsonl`). */
export const golden = new URL('golden/', import.meta.url);

/** When the host of the golden files booted: milliseconds since the epoch. */
export const BOOT = Date.UTC(2023, 2, 4, 9);

export const names: readonly string[] = readdirSync(golden)
  .filter((file) => file.endsWith('.jsonl') && !file.endsWith('.events.jsonl'))
  .map((file) => file.slice(0, -'.jsonl'.length));

export function bytesOf(name: string): Buffer {
  return readFileSync(new URL(`${name}.jsonl`, golden));
}

export function linesOf(name: string): readonly string[] {
  return bytesOf(name).toString('utf8').trimEnd().split('\n');
}

/** The lines of a golden file as from an eslogger that numbers them like this. */
export function numbered(name: string, numbers: readonly number[]): readonly string[] {
  const lines = linesOf(name);
  return numbers.map((number, index) => {
    const line = lines[index % lines.length] ?? '';
    return line.replace(/"global_seq_num":\d+/, `"global_seq_num":${number}`);
  });
}
