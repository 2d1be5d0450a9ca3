import picocolors from 'picocolors';

/** Where a command writes: answers to stdout, words for people to stderr. */
export interface Output {
  readonly json: boolean;
  readonly colours: ReturnType<typeof picocolors.createColors>;
  /** Width of the terminal that answers go to; null where it is none. */
  readonly columns: number | null;
  answer(text: string): void;
  answerJson(value: unknown): void;
  say(text: string): void;
}

export function makeOutput(json: boolean): Output {
  return {
    json,
    colours: picocolors.createColors(process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined),
    columns: process.stdout.isTTY === true ? (process.stdout.columns ?? null) : null,
    answer: (text) => void process.stdout.write(`${text}\n`),
    answerJson: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    say: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** Text of the host as it is shown on a terminal: control characters are spelled out, so that none acts. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
}

/** Bytes as people read them. */
export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
