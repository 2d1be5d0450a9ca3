import type { Sign } from './sign.ts';

/** Control characters but tab and line ends (ECMA-48; C0, DEL and C1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** Letters of a script that runs from right to left, where marks of direction have a use (Unicode UAX #9). */
const RIGHT_TO_LEFT =
  /[[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]&&\p{L}]/v;
/** Embeddings, overrides and isolates, and marks of direction. */
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** Of these, what text from right to left does not need: embeddings and overrides (UAX #9 advises isolates). */
const FORCED_DIRECTION = /[\u202a-\u202e]/;
/** Ignorable characters (Unicode, Default_Ignorable_Code_Point), separators and annotations; not those above. */
const INVISIBLE =
  /(?![\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])[\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800\ufff9-\ufffb]/u;
/** What is invisible and has a use, in the places where it has it. */
const USEFUL: readonly RegExp[] = [
  // Emoji: how they are shown, those that are joined, and flags of regions (UTS #51).
  /\p{Emoji}\ufe0f?\u20e3|\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{2,6}\u{e007f}/gu,
  /(?<=[\p{Emoji}\p{Emoji_Modifier}])[\ufe0e\ufe0f]/gu,
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}])\u200d(?=\p{Extended_Pictographic})/gu,
  // Forms of ideographs (UTS #37), at most one each.
  /(?<=\p{Script=Han})[\ufe00-\ufe02\u{e0100}-\u{e01ef}](?![\ufe00-\ufe0f\u{e0100}-\u{e01ef}])/gu,
  /(?<=\p{Script=Mongolian})[\u180b-\u180f]/gu,
  // Joining in Arabic, Syriac and the scripts of India (UAX #31, section 2.3).
  /(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{M}])[\u200c\u200d]/gu,
  // Where lines of Thai, Khmer, Lao and Myanmar may break.
  /(?<=[\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}])\u200b/gu,
  // What some editors put at the beginning of a file.
  /^\ufeff/gu,
];

/** What is in a text that is not seen, or changes how the rest is seen. */
export function characterSigns(text: string): readonly Sign[] {
  const signs: Sign[] = [];
  const control = CONTROL.exec(text);
  if (control !== null) signs.push({ kind: 'control_characters', found: around(text, control.index) });
  const turned = (RIGHT_TO_LEFT.test(text) ? FORCED_DIRECTION : BIDIRECTIONAL).exec(text);
  if (turned !== null) signs.push({ kind: 'bidirectional_characters', found: around(text, turned.index) });
  if (INVISIBLE.test(text)) {
    const rest = USEFUL.reduce((left, pattern) => left.replace(pattern, ''), text);
    const hidden = INVISIBLE.exec(rest);
    if (hidden !== null) signs.push({ kind: 'invisible_characters', found: around(rest, hidden.index) });
  }
  return signs;
}

/** UTF-16 code units that are shown before and after what was found. */
const BEFORE = 20;
const AFTER = 60;

/** What stands there, in whole words: part of a token would not be known for one. */
function around(text: string, at: number): string {
  const start = Math.max(0, at - BEFORE);
  const before = text.slice(start, at);
  const behind = text.slice(at, at + AFTER);
  return `${start === 0 ? before : before.replace(/^\S*/, '')}${at + AFTER < text.length ? behind.replace(/(?!^)\S*$/, '') : behind}`;
}

/** A text as a reader takes it to whom nothing invisible is shown. */
export function withoutInvisible(text: string): string {
  return text.replace(EVERY_INVISIBLE, '');
}

const EVERY_INVISIBLE = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
