/** Replaces the text from `at` to `end`, UTF-16 code units. */
export interface TextEdit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** A value that cannot be edited where it is written. */
export class Uneditable extends Error {}

/** Carries out edits that do not overlap; of two at one place the first given comes first. @throws {Uneditable} */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const sorted = edits.toSorted((a, b) => a.at - b.at || a.end - b.end);
  let result = '';
  let done = 0;
  for (const edit of sorted) {
    if (edit.at < done) throw new Uneditable('two changes of it would stand in one place');
    result += text.slice(done, edit.at) + edit.text;
    done = edit.end;
  }
  return result + text.slice(done);
}

/** How a text ends its lines: as its first line does. */
export function lineEndOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
}

/** Characters that some format takes only as an escape, all below U+10000. */
const UNPRINTED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A text in double quotes, as JSON, TOML and YAML alike read it. */
export function quotedText(text: string): string {
  return JSON.stringify(text).replace(
    UNPRINTED,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
