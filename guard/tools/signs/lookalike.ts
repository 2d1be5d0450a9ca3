import { skeleton } from '../../../approval/index.ts';

/** Scripts whose letters are taken for Latin ones. */
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u;
const LATIN = /\p{Script=Latin}/u;
const IDENTIFIER = /^[A-Za-z0-9_.\-/: ]+$/;

/**
 * Whether a name is written so that it is taken for another (UTS #39): Latin letters together with ones that look Latin,
 * letters of another width or style, or, where the rest is not written in that script either (`native` false), a whole word
 * of such letters.
 */
export function isLookalike(name: string, native: boolean): boolean {
  const plain = name.normalize('NFKC');
  if (plain !== name && IDENTIFIER.test(plain)) return true;
  return plain.split(/[^\p{L}\p{M}\p{N}]+/u).some((word) => {
    if (!FOREIGN.test(word)) return false;
    const looks = skeleton(word);
    return LATIN.test(word) ? looks !== word : !native && IDENTIFIER.test(looks);
  });
}

/** Whether texts are written in a script whose letters are taken for Latin ones. */
export function isForeign(texts: readonly string[]): boolean {
  return texts.some(
    (text) => text.split(/\s+/).filter((word) => FOREIGN.test(word) && !LATIN.test(word)).length >= 2,
  );
}
