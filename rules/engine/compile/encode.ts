/** Bytes of a text in the encodings of Sigma's transforming modifiers. */
type Bytes = readonly number[];

export function utf8(text: string): Bytes {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
    else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
  }
  return bytes;
}

function tail(code: number): number {
  return 0x80 | (code & 0x3f);
}

export function utf16(text: string, order: 'little' | 'big'): Bytes {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (order === 'little') bytes.push(unit & 0xff, unit >> 8);
    else bytes.push(unit >> 8, unit & 0xff);
  }
  return bytes;
}

/** One character for each byte, as a log that decoded the bytes as Latin-1 shows them. */
export function latin1(bytes: Bytes): string {
  return bytes.map((byte) => String.fromCharCode(byte)).join('');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 with padding (RFC 4648 section 4). */
export function base64(bytes: Bytes): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.slice(at, at + 3);
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += ALPHABET.charAt(word >> 18) + ALPHABET.charAt((word >> 12) & 63);
    text += b === undefined ? '=' : ALPHABET.charAt((word >> 6) & 63);
    text += c === undefined ? '=' : ALPHABET.charAt(word & 63);
  }
  return text;
}

/**
 * The three texts under which the bytes can appear inside a longer Base64 text, without the characters that
 * neighbouring bytes decide (Sigma specification 2.1, `base64offset`).
 */
export function base64Offsets(bytes: Bytes): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const padded = [...Array.from({ length: shift }, () => 0), ...bytes];
    const start = [0, 2, 3][shift] ?? 0;
    const cut = [0, 3, 2][padded.length % 3] ?? 0;
    const text = base64(padded);
    return text.slice(start, text.length - cut);
  });
}
