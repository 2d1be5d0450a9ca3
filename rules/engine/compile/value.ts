import { RE2JS } from 're2js';
import { type Cell, fold } from '../match/event.ts';
import { lateRegex, type TextTest } from './regex.ts';

/** A piece of a Sigma string: literal text, `*`, `?`, or any of the dashes of `windash`. */
export type Piece = { readonly kind: 'literal'; readonly text: string } | { readonly kind: Wildcard };
type Wildcard = 'any' | 'one' | 'dash';

export type CellTest = (cell: Cell) => boolean;

/** Option marks of Windows programs: hyphen, slash, en dash, em dash, horizontal bar. */
const DASHES = '\\-/\\x{2013}\\x{2014}\\x{2015}';
const WINDASH = /(?<![\p{L}\p{N}_])[-/–—―](?=[\p{L}\p{N}_])/gu;

export const ANY: Piece = { kind: 'any' };

export function literal(text: string): Piece {
  return { kind: 'literal', text };
}

/**
 * Splits a Sigma string into pieces. A backslash escapes `*`, `?` and itself; before anything else, and at
 * the end, it stands for itself (Sigma specification 2.1, "Escaping").
 */
export function parsePattern(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') pieces.push(literal(text));
    text = '';
  };
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charAt(at);
    const next = source.charAt(at + 1);
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      text += next;
      at += 1;
    } else if (char === '*' || char === '?') {
      flush();
      pieces.push({ kind: char === '*' ? 'any' : 'one' });
    } else {
      text += char;
    }
  }
  flush();
  return mergeAny(pieces);
}

/** `**` is `*`. */
export function mergeAny(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.filter((piece, index) => piece.kind !== 'any' || pieces[index - 1]?.kind !== 'any');
}

/** Lets every dash that opens a word match every kind of dash (Sigma specification 2.1, `windash`). */
export function widenDashes(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.flatMap((piece) => {
    if (piece.kind !== 'literal') return [piece];
    const widened: Piece[] = [];
    let from = 0;
    for (const match of piece.text.matchAll(WINDASH)) {
      if (match.index > from) widened.push(literal(piece.text.slice(from, match.index)));
      widened.push({ kind: 'dash' });
      from = match.index + match[0].length;
    }
    if (from < piece.text.length) widened.push(literal(piece.text.slice(from)));
    return widened;
  });
}

/** The text of a pattern without wildcards; undefined where it has some. */
export function literalText(pieces: readonly Piece[]): string | undefined {
  let text = '';
  for (const piece of pieces) {
    if (piece.kind !== 'literal') return undefined;
    text += piece.text;
  }
  return text;
}

/** Compiles a pattern into a test of a whole value. Wildcards cross line ends. */
export function compilePattern(pieces: readonly Piece[], cased: boolean): CellTest {
  const test = pieces.some((piece) => piece.kind === 'one' || piece.kind === 'dash')
    ? compileRegex(pieces, cased)
    : compileParts(pieces, cased);
  return cased ? (cell) => test(cell.text) : (cell) => test(cell.folded);
}

/** `?` is one code point and `windash` one of five characters: both go to RE2, linear in the text. */
function compileRegex(pieces: readonly Piece[], cased: boolean): TextTest {
  const source = pieces.map((piece) => regexOf(piece, cased)).join('');
  return lateRegex(`^(?:${source})$`, RE2JS.DOTALL);
}

function regexOf(piece: Piece, cased: boolean): string {
  if (piece.kind === 'literal') return RE2JS.quote(cased ? piece.text : fold(piece.text));
  if (piece.kind === 'any') return '.*';
  return piece.kind === 'one' ? '.' : `[${DASHES}]`;
}

function compileParts(pieces: readonly Piece[], cased: boolean): TextTest {
  const parts = [''];
  for (const piece of pieces) {
    if (piece.kind === 'literal') parts.push((parts.pop() ?? '') + (cased ? piece.text : fold(piece.text)));
    else parts.push('');
  }
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return (text) => text === first;
  if (parts.length === 2 && second === '') return (text) => text.startsWith(first);
  if (parts.length === 2 && first === '') return (text) => text.endsWith(second);
  if (parts.length === 3 && first === '' && third === '') return (text) => text.includes(second);
  return (text) => partsMatch(parts, text);
}

/** Parts in order, the first at the start, the last at the end; the leftmost place of each is enough. */
export function partsMatch(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return text === first;
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (let index = 1; index < parts.length - 1; index += 1) {
    const part = parts[index] ?? '';
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
