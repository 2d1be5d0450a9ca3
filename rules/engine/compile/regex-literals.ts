/** Characters that stand for themselves everywhere in an expression. */
const PLAIN = /^[\p{L}\p{N}\s_"'#%&,:;<=>@`~!/-]$/u;
const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/;
/** Escapes of a punctuation character stand for it. */
const ESCAPED_PUNCTUATION = /^\\[^\p{L}\p{N}]$/u;
/** A class of a few characters without ranges, escapes or nesting. */
const SMALL_CLASS = /^\[([\p{L}\p{N}_"'#%&,:;<=>@~!/ ]{1,8})\]$/u;
/** Texts that one place of an expression may stand for. */
const MAX_CHOICES = 16;

type Texts = readonly string[];

/**
 * Literal texts of which one must be in every text that a regular expression matches; null where none could be
 * found. It reads the expression carefully rather than fully: whatever it does not know ends a literal.
 *
 * @param source in RE2's syntax, and accepted by RE2
 * @param ignoreCase whether the flag `i` is set from outside
 */
export function requiredTexts(source: string, ignoreCase: boolean): Texts | null {
  const leading = /^\(\?i\)/.exec(source);
  const body = leading === null ? source : source.slice(leading[0].length);
  // Under \Q...\E and inline flags nothing is what it looks like.
  if (/\\[QpPx0-9]|\(\?[a-zA-Z-]/.test(body)) return null;
  const insensitive = ignoreCase || leading !== null;
  const texts = branches(body).map((branch) => best(runsOf(branch, insensitive)));
  return texts.every((each) => each !== undefined) ? [...new Set(texts.flat())] : null;
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
    const choices = choicesOf(branch.slice(at, next), ignoreCase);
    const quantifier = QUANTIFIER.exec(branch.slice(next, next + 32))?.[0];
    const longer = choices?.flatMap((choice) => run.map((before) => before + choice)) ?? [];
    if (quantifier === undefined && choices !== undefined && longer.length <= MAX_CHOICES) run = longer;
    else {
      runs.push(run);
      // What comes once at the least is there, but what is before it does not touch what is behind it.
      if (quantifier?.startsWith('+') === true && choices !== undefined) runs.push(choices);
      run = quantifier === undefined && choices !== undefined ? choices : [''];
    }
    at = next + (quantifier?.length ?? 0);
  }
  return [...runs, run];
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
  if (!piece.endsWith(')')) return undefined;
  const inner = piece.slice(piece.startsWith('(?:') ? 3 : 1, -1);
  const choices: string[] = [];
  for (const branch of branches(inner)) {
    const [run, ...others] = runsOf(branch, ignoreCase);
    if (run === undefined || others.length > 0) return undefined;
    choices.push(...run);
  }
  return choices.length <= MAX_CHOICES ? choices : undefined;
}

/** The set whose shortest text is longest; undefined where a text may be empty in all. */
function best(sets: readonly Texts[]): Texts | undefined {
  let found: Texts | undefined;
  let length = 0;
  for (const set of sets) {
    const shortest = Math.min(...set.map((text) => text.length));
    if (shortest > length) {
      found = set;
      length = shortest;
    }
  }
  return found;
}
