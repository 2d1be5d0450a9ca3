import { rarestSet } from './needle.ts';

/** Characters that stand for themselves everywhere in an expression. */
const PLAIN = /^[\p{L}\p{N}\s_"'#%&,:;<=>@`~!/-]$/u;
const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
/** Escapes of a punctuation character stand for it. */
const ESCAPED_PUNCTUATION = /^\\[^\p{L}\p{N}]$/u;
/** A class of a few characters without ranges, escapes or nesting. */
const SMALL_CLASS = /^\[([\p{L}\p{N}_"'#%&,:;<=>@~!/ ]{1,8})\]$/u;
/** Flags from here on; that case may not count before either only finds more. */
const FLAGS = /(?<!\\)\(\?([imsU]+)\)/g;
/** `\x22` is a quotation mark: a punctuation character of ASCII by its number. */
const HEX_PUNCTUATION = /(?<!\\)\\x(2[0-9a-f]|3[a-f]|40|5[b-f]|60|7[b-e])/gi;
/** Texts that one place of an expression may stand for, and texts that an expression may require one of. */
const MAX_CHOICES = 16;
const MAX_TEXTS = 512;

type Texts = readonly string[];

/**
 * Literal texts of which one must be in every text that a regular expression matches; null where none could be
 * found. It reads the expression carefully rather than fully: whatever it does not know ends a literal.
 *
 * @param source in RE2's syntax, and accepted by RE2
 * @param ignoreCase whether the flag `i` is set from outside
 */
export function requiredTexts(source: string, ignoreCase: boolean): Texts | null {
  const unescaped = source.replaceAll(HEX_PUNCTUATION, (_, hex: string) => `\\${fromHex(hex)}`);
  const flags = Array.from(unescaped.matchAll(FLAGS), ([, letters = '']) => letters);
  const body = unescaped.replaceAll(FLAGS, '');
  // Between \Q and \E, and in groups with flags or names, nothing is what it looks like.
  if (/\\[QpPx0-9]|\(\?[a-zA-Z-]/.test(body)) return null;
  const insensitive = ignoreCase || flags.some((letters) => letters.includes('i'));
  return requiredByBranches(body, insensitive) ?? null;
}

/** One of the texts that each alternative requires; undefined where one of them requires none, or all too many. */
function requiredByBranches(source: string, ignoreCase: boolean): Texts | undefined {
  const texts = new Set<string>();
  for (const branch of branches(source)) {
    const set = rarestSet(runsOf(branch, ignoreCase));
    if (set === undefined) return undefined;
    for (const text of set) texts.add(text);
  }
  return texts.size > MAX_TEXTS ? undefined : [...texts];
}

function fromHex(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

/** The alternatives at the top of an expression. */
function branches(source: string): Texts {
  const found: string[] = [];
  let from = 0;
  for (let at = 0; at < source.length; at = skip(source, at)) {
    if (source.charAt(at) !== '|') continue;
    found.push(source.slice(from, at));
    from = at + 1;
  }
  found.push(source.slice(from));
  return found;
}

/** The place behind the piece that begins at `at`: an escape, a class, a group or a character. */
function skip(source: string, at: number): number {
  const char = source.charAt(at);
  if (char === '\\') return at + 2;
  if (char === '[') return endOfClass(source, at);
  if (char === '(') return endOfGroup(source, at);
  return at + ((source.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

/** A `]` at the beginning of a class is a member of it; `[:alpha:]` nests. */
function endOfClass(source: string, open: number): number {
  let at = open + 1;
  if (source.charAt(at) === '^') at += 1;
  if (source.charAt(at) === ']') at += 1;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === '\\') at += 2;
    else if (char === ']') return at + 1;
    else if (char === '[' && source.charAt(at + 1) === ':') {
      const close = source.indexOf(':]', at + 2);
      at = close < 0 ? at + 1 : close + 2;
    } else at += 1;
  }
  return at;
}

function endOfGroup(source: string, open: number): number {
  let at = open + 1;
  while (at < source.length && source.charAt(at) !== ')') at = skip(source, at);
  return at + 1;
}

/** Sets of texts of a branch: of each set every match holds one. */
function runsOf(branch: string, ignoreCase: boolean): readonly Texts[] {
  const runs: Texts[] = [];
  let run: Texts = [''];
  let at = 0;
  while (at < branch.length) {
    const next = skip(branch, at);
    const piece = branch.slice(at, next);
    const quantifier = QUANTIFIER.exec(branch.slice(next, next + 32))?.[0];
    const choices = choicesOf(piece, ignoreCase);
    const longer = quantifier === undefined ? cross(run, choices) : undefined;
    if (longer !== undefined) run = longer;
    else {
      runs.push(run);
      // What comes once at the least is there, but what is before it does not touch what is behind it.
      if (quantifier === undefined || quantifier.startsWith('+'))
        runs.push(...setsOf(piece, choices, ignoreCase));
      run = (quantifier === undefined ? choices : undefined) ?? [''];
    }
    at = next + (quantifier?.length ?? 0);
  }
  return [...runs, run];
}

function cross(run: Texts, choices: Texts | undefined): Texts | undefined {
  if (choices === undefined || run.length * choices.length > MAX_CHOICES) return undefined;
  return choices.flatMap((choice) => run.map((before) => before + choice));
}

/** What a piece requires that does not go on a run: its texts, or those that are somewhere in the group that it is. */
function setsOf(piece: string, choices: Texts | undefined, ignoreCase: boolean): readonly Texts[] {
  if (choices !== undefined) return [choices];
  const inner = innerOf(piece);
  const texts = inner === undefined ? undefined : requiredByBranches(inner, ignoreCase);
  return texts === undefined ? [] : [texts];
}

/** What is in a group; undefined for anything else. */
function innerOf(piece: string): string | undefined {
  if (!(piece.startsWith('(') && piece.endsWith(')'))) return undefined;
  return piece.slice(piece.startsWith('(?:') ? 3 : 1, -1);
}

/** The texts that a piece stands for; undefined where they are unknown or too many. */
function choicesOf(piece: string, ignoreCase: boolean): Texts | undefined {
  if (piece.startsWith('(')) return groupChoices(piece, ignoreCase);
  const few = SMALL_CLASS.exec(piece)?.[1];
  if (few !== undefined) return usable(Array.from(few), ignoreCase);
  const escaped = ESCAPED_PUNCTUATION.test(piece);
  if (!(escaped || PLAIN.test(piece))) return undefined;
  return usable([escaped ? piece.slice(1) : piece], ignoreCase);
}

/** Without case, letters beyond ASCII fold in ways of their own. */
function usable(texts: Texts, ignoreCase: boolean): Texts | undefined {
  return ignoreCase && texts.some((text) => /[^\p{ASCII}]/u.test(text)) ? undefined : texts;
}

/** A group of which each alternative is nothing but literal. */
function groupChoices(piece: string, ignoreCase: boolean): Texts | undefined {
  const inner = innerOf(piece);
  if (inner === undefined) return undefined;
  const choices: string[] = [];
  for (const branch of branches(inner)) {
    const [run, ...others] = runsOf(branch, ignoreCase);
    if (run === undefined || others.length > 0) return undefined;
    choices.push(...run);
  }
  return choices.length <= MAX_CHOICES ? choices : undefined;
}
