/** A regular expression that is slow where a matcher backtracks, and the text that makes it so. */
export interface HostilePattern {
  readonly source: string;
  /** Repeated, it is almost what the expression looks for. */
  readonly unit: string;
}

const ATOMS = [
  ['a', 'a'],
  ['[a-z]', 'q'],
  ['\\w', 'w'],
  ['(?:ab)', 'ab'],
  ['[^x]', '-'],
  ['\\s', ' '],
  ['(?:a|b|ab)', 'ab'],
  ['.', '/'],
  ['[[:alnum:]]', '7'],
  ['(?:x|xx)', 'x'],
] as const;

/** Ways to match the same text in ever more ways; `A` is an atom. */
const SHAPES = [
  '(A+)+$',
  '(A*)*$',
  '(A+)*$',
  '(A|A)+$',
  '(A?A?)+$',
  '(A+A+)+$',
  '(A*A*A*)*$',
  '^(A+)+\\d$',
  '(A|AA|AAA)+$',
  '((A+)+)+$',
  '(.*A){8}$',
  '(A{1,20}){1,20}$',
  '^(A?){40}A{40}$',
  '(A+!?)+;$',
  '(.*)(A+)(.*)(A+)(.*)\\d$',
  '^(([A-Z]|A)+,?)+$',
  '(A+\\b)+#',
  '(?:(?:A+)?)*~$',
  '^(A*)(A*)(A*)(A*)(A*)=$',
  '(A+|[0-9]+)+%$',
  '(?:A|(?:A|(?:A|A)))+&$',
  '(^A+|A+)+@$',
  '(A+?)+?`$',
  '(A{2,})+_$',
  '(?:\\S*A\\S*)+<$',
  '^(?:A+[.-]?)*>$',
  '(A(A(A(A)*)*)*)*"$',
  '(?i)(A+)+Z$',
  '((A|B)*(C|A)*)*!$',
  '([A-Za-z]+A*)+ $',
] as const;

/** Ten atoms in thirty shapes. */
export const HOSTILE_PATTERNS: readonly HostilePattern[] = SHAPES.flatMap((shape) =>
  ATOMS.map(([atom, unit]) => ({ source: shape.replaceAll(/(?<![[A-Za-z-])A(?![-A-Za-z])/g, atom), unit })),
);

/** A text of a length that keeps a backtracking matcher at work and does not match in the end. */
export function hostileText({ unit }: HostilePattern, length: number): string {
  return `${unit.repeat(Math.ceil(length / unit.length)).slice(0, length)}\u0001`;
}
