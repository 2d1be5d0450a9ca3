import { printable } from '../output.ts';

/** Bytes of one line of text at most, where its words allow that: what `mandoc -Tlint` asks for. */
const LINE_BYTES = 78;
/** Characters that roff or its macros would take for something else, and what they are written as (groff_char(7)). */
const SPELLINGS = {
  '\\': '\\(rs',
  '-': '\\-',
  '"': '\\(dq',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
} as const satisfies Readonly<Record<string, string>>;

/** A piece of text in one face: roman, bold for what is typed as it stands, italic for what stands for something else. */
export interface Span {
  readonly face: 'R' | 'B' | 'I';
  readonly text: string;
}
/** Text of a page: a string is roman. */
export type Text = string | readonly Span[];

export const literal = (text: string): Span => ({ face: 'B', text });
export const variable = (text: string): Span => ({ face: 'I', text });
const roman = (text: string): Span => ({ face: 'R', text });

/**
 * Marked-up text as the documentation writes it: what stands between backticks is literal, of a link its words are kept,
 * and emphasis is dropped.
 */
export function marked(text: string): readonly Span[] {
  const words = text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('**', '');
  return words
    .split(/(`[^`]+`)/)
    .filter((part) => part !== '')
    .map((part) => (/^`[^`]+`$/.test(part) ? literal(part.slice(1, -1)) : roman(part)));
}

/** What a manual page is called and where it stands. */
export interface PageTitle {
  readonly name: string;
  readonly section: number;
  /** Day of the page as YYYY-MM-DD. */
  readonly date: string;
  readonly source: string;
  readonly manual: string;
}

/** Writes a page in the macros of man(7). Whatever text it is given comes out as text: nothing in it acts. */
export class RoffPage {
  readonly #lines: string[];

  constructor({ name, section, date, source, manual }: PageTitle) {
    const words = [name.toUpperCase(), String(section), source, manual].map(argument);
    // Readers parse the day: its hyphens stay as they are.
    words.splice(2, 0, `"${date}"`);
    this.#lines = [
      '.\\" Made from the commands and settings of the program by `npm run manual`: do not edit.',
      `.TH ${words.join(' ')}`,
      // Names of pages and options must not be broken, nor blanks be added between them.
      '.nh',
      '.ad l',
    ];
  }

  section(title: string): void {
    this.#lines.push(`.SH ${argument(title)}`);
  }

  subsection(title: string): void {
    this.#lines.push(`.SS ${argument(title)}`);
  }

  paragraph(text: Text): void {
    this.#begin();
    this.#lines.push(...filled(text));
  }

  /** A term, and indented below it what it means, in one paragraph or more. */
  item(term: Text, meaning: readonly Text[]): void {
    this.#lines.push('.TP', joined(wordsOf(term)));
    for (const [index, text] of meaning.entries()) {
      if (index > 0) this.#lines.push('.IP');
      this.#lines.push(...filled(text));
    }
  }

  /** An item below the one before. */
  nested(term: Text, meaning: Text): void {
    this.#lines.push('.RS');
    this.item(term, [meaning]);
    this.#lines.push('.RE');
  }

  /** Lines that are shown as they are. */
  example(lines: readonly string[]): void {
    const shown = lines.map((line) => (line === '' ? '\\&' : guarded(escaped(line))));
    this.#begin();
    this.#lines.push('.RS 4', '.EX', ...shown, '.EE', '.RE');
  }

  /** A heading has begun a paragraph already. */
  #begin(): void {
    if (!/^\.S[HS] /.test(this.#lines.at(-1) ?? '')) this.#lines.push('.PP');
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function escaped(text: string): string {
  const plain = printable(text.replaceAll(/\s/gu, ' '));
  return Array.from(plain, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0x7e) return `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    return Object.entries(SPELLINGS).find(([plainChar]) => plainChar === char)?.[1] ?? char;
  }).join('');
}

/** A line that begins with a dot would be a request. */
function guarded(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line;
}

function argument(text: string): string {
  return `"${escaped(text)}"`;
}

/** Words between which a line may break, each with its faces. */
function wordsOf(text: Text): readonly string[] {
  const spans = typeof text === 'string' ? [roman(text)] : text;
  const words: string[] = [''];
  for (const { face, text: part } of spans) {
    for (const [index, piece] of part.split(/\s+/u).entries()) {
      if (index > 0) words.push('');
      if (piece === '') continue;
      const shown = face === 'R' ? escaped(piece) : `\\f${face}${escaped(piece)}\\fR`;
      words[words.length - 1] += shown;
    }
  }
  return words.filter((word) => word !== '');
}

function joined(words: readonly string[]): string {
  return guarded(words.join(' '));
}

/** Lines of at most `LINE_BYTES`; a sentence begins a new one, and no other line ends as if one ended there. */
function filled(text: Text): readonly string[] {
  const lines: string[][] = [];
  let length = 0;
  for (const word of wordsOf(text)) {
    const line = lines.at(-1);
    const before = line?.at(-1) ?? '';
    if (line === undefined || endsSentence(before, word)) lines.push([word]);
    else if (length + 1 + word.length > LINE_BYTES) {
      line[line.length - 1] = STOP.test(before) ? `${before}\\&` : before;
      lines.push([word]);
    } else {
      line.push(word);
      length += 1 + word.length;
      continue;
    }
    length = word.length;
  }
  return lines.map(joined);
}

/** Ends a sentence where the line ends as well (groff(7), "Sentences"). */
const STOP = /[.?!][)]?$/;
const ABBREVIATION = /^\(?(?:e\.g|i\.e)\.$/;

function endsSentence(word: string, next: string): boolean {
  return STOP.test(word) && !ABBREVIATION.test(word) && /^(?:\\f[BI])?\p{Lu}/u.test(next);
}
