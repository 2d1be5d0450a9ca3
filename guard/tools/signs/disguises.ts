import type { Sign } from './sign.ts';

/** Characters of base64 (RFC 4648, both alphabets) that are worth decoding: 30 bytes. */
const BASE64 = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
/** Hexadecimal digits that are worth decoding: 24 bytes. */
const HEXADECIMAL = /(?:0x)?((?:[0-9a-fA-F]{2}[ :]?){24,})/g;
/** Escapes of JavaScript and Python, percent-encoding and HTML, at least eight in a row. */
const ESCAPES =
  /(?:\\u\{?[0-9a-fA-F]{4,6}\}?){8,}|(?:\\x[0-9a-fA-F]{2}){8,}|(?:%[0-9a-fA-F]{2}){8,}|(?:&#x?[0-9a-fA-F]{2,6};){8,}/;
/** Words that a decoded blob must have to be a text. */
const MIN_WORDS = 3;

/** Words in a comment that make it a message; marks for tools (`more`, `prettier-ignore`) are shorter. */
const MIN_COMMENT_WORDS = 5;
/** A comment of Markdown: a definition of a link that nothing refers to. */
const LINK_COMMENT = /\[(?:\/\/|comment)\]:\s*#\s*[("']([^)"'\n]*)/gi;
/** An element of HTML with attributes, and the text in it. */
const ELEMENT = /<\w{1,20}\s([^<>]{1,500})>([^<]{1,500})/g;
/** Attributes by which it is not shown (CSS 2.2; HTML, `hidden`). */
const UNSEEN =
  /\bstyle\s*=\s*["'][^"']*(?:display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9])|color\s*:\s*(?:white|transparent|#fff(?:fff)?)\b)|(?:^|\s)hidden(?=$|[\s=])/i;
const MIN_ELEMENT_WORDS = 3;

/** White space with text after it. */
const BLANK_RUN = /(?<!\s)\s{15,}(?=\S)/g;
/** Characters of white space, and line ends in it, after which nobody looks for more text. */
const MIN_BLANKS = 120;
const MIN_LINE_ENDS = 15;
/** UTF-16 code units of one text that a person reads. */
const MAX_READ = 16 * 1024;

/** What in a text is written so that a person does not read it, though a model does. */
export function disguiseSigns(text: string): readonly Sign[] {
  const signs: Sign[] = [];
  const encoded = encodedText(text);
  if (encoded !== null) signs.push({ kind: 'encoded_text', found: encoded });
  const markup = hiddenMarkup(text);
  if (markup !== null) signs.push({ kind: 'hidden_markup', found: markup });
  const buried = textAfterBlank(text) ?? (text.length > MAX_READ ? `${text.length} characters` : null);
  if (buried !== null) signs.push({ kind: 'buried_text', found: buried });
  return signs;
}

function encodedText(text: string): string | null {
  const escapes = ESCAPES.exec(text);
  if (escapes !== null) return escapes[0];
  return (
    readableBlob(text, BASE64, (blob) => Buffer.from(blob, 'base64')) ??
    readableBlob(text, HEXADECIMAL, (blob) => Buffer.from(blob.replace(/^0x|[ :]/g, ''), 'hex'))
  );
}

/** What the first blob says that is a text once it is decoded. */
function readableBlob(text: string, blobs: RegExp, decode: (blob: string) => Buffer): string | null {
  for (const [blob] of text.matchAll(blobs)) {
    const decoded = decode(blob).toString('utf8');
    if (isProse(decoded)) return decoded;
  }
  return null;
}

function isProse(text: string): boolean {
  return (
    !/[^\t\n\r\x20-\x7e\u00a0-\u024f]/.test(text) &&
    text.split(/[^A-Za-z]+/).filter(isWord).length >= MIN_WORDS
  );
}

function isWord(word: string): boolean {
  return /^[A-Z]?[a-z]{2,}$|^[A-Z]{2,}$/.test(word);
}

function hiddenMarkup(text: string): string | null {
  for (const comment of htmlComments(text)) if (wordsOf(comment) >= MIN_COMMENT_WORDS) return comment;
  for (const [whole, comment] of text.matchAll(LINK_COMMENT))
    if (wordsOf(comment ?? '') >= MIN_COMMENT_WORDS) return whole;
  for (const [whole, attributes, content] of text.matchAll(ELEMENT))
    if (UNSEEN.test(attributes ?? '') && wordsOf(content ?? '') >= MIN_ELEMENT_WORDS) return whole;
  return null;
}

/** What stands in comments of HTML; one that does not end hides all that follows. */
function* htmlComments(text: string): Generator<string> {
  for (let start = text.indexOf('<!--'); start >= 0; ) {
    const end = text.indexOf('-->', start + 4);
    yield text.slice(start + 4, end < 0 ? text.length : end);
    start = end < 0 ? -1 : text.indexOf('<!--', end);
  }
}

function wordsOf(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

function textAfterBlank(text: string): string | null {
  for (const run of text.matchAll(BLANK_RUN)) {
    const [blank] = run;
    if (blank.length >= MIN_BLANKS || blank.split('\n').length > MIN_LINE_ENDS)
      return text.slice(run.index + blank.length);
  }
  return null;
}
