/** What ends a text that was cut. */
const CUT = '…[cut]';
/** U+2400, from where on Unicode has a visible picture of each control character. */
const CONTROL_PICTURES = 0x24_00;
const PICTURE_OF_DELETE = '\u2421';
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const C0 = /[\u0000-\u001f]/g;
/** C1 controls, line and paragraph separators, marks that turn the direction of text, and the BOM. */
const UNSEEN = /[\u0080-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** At most so many UTF-16 units, well-formed, with a mark at the end where something was cut. */
export function clip(text: string, units: number): string {
  if (text.length <= units) return text.toWellFormed();
  return `${text.slice(0, Math.max(0, units - CUT.length)).toWellFormed()}${CUT}`.slice(0, units);
}

/** A text with nothing in it that a terminal, a log file or a line-based parser would act upon. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(C0, (control) => String.fromCharCode(CONTROL_PICTURES + control.charCodeAt(0)))
    .replaceAll('\u007f', PICTURE_OF_DELETE)
    .replaceAll(UNSEEN, '\ufffd');
}
