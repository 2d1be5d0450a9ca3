/** Code units below it are ASCII. */
export const FIRST_BEYOND_ASCII = 128;
export const CLASS_BITS = 5;
/** So few that a table's row of 16-bit numbers is a line of the cache. */
export const CLASSES = 1 << CLASS_BITS;

const BEYOND = 0;
const DIGIT = 27;
const OTHER = 28;
/** Characters with a class of their own beside letters: the most frequent ones in command lines and paths. */
const OWN: Readonly<Record<string, number>> = { ' ': 29, '/': 30, '-': 31 };

/** Classes of ASCII characters: a letter's is that of either case. */
export const CLASS_OF_ASCII = Uint8Array.from({ length: FIRST_BEYOND_ASCII }, (_, code) => {
  const char = String.fromCharCode(code).toLowerCase();
  if (char >= 'a' && char <= 'z') return char.charCodeAt(0) - 0x60;
  if (char >= '0' && char <= '9') return DIGIT;
  return OWN[char] ?? OTHER;
});

export function classOf(code: number): number {
  return code < FIRST_BEYOND_ASCII ? (CLASS_OF_ASCII[code] as number) : BEYOND;
}

/** Whether texts of the same classes are the same but for their case. */
export function isDistinct(text: string): boolean {
  return /^[a-z /-]*$/.test(text);
}
