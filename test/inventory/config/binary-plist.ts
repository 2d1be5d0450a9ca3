type Plain =
  | null
  | boolean
  | number
  | string
  | Date
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Seconds from 1970 to 2001. */
const EPOCH_SECONDS = 978_307_200;

/** Writes a binary property list (version 00), one byte per reference, for tests only. */
export function binaryPlist(root: Plain): Buffer {
  const objects: Buffer[] = [];
  const top = add(root, objects);
  return assemble(objects, top);
}

/** Lays out objects that are encoded already: lets a test say what no writer would. */
export function assemble(objects: readonly Uint8Array[], top = 0): Buffer {
  const offsets: number[] = [];
  let at = 8;
  for (const object of objects) {
    offsets.push(at);
    at += object.length;
  }
  const table = Buffer.alloc(offsets.length * 4);
  for (const [index, offset] of offsets.entries()) table.writeUInt32BE(offset, index * 4);
  const trailer = Buffer.alloc(32);
  trailer.writeUInt8(4, 6);
  trailer.writeUInt8(1, 7);
  trailer.writeBigUInt64BE(BigInt(objects.length), 8);
  trailer.writeBigUInt64BE(BigInt(top), 16);
  trailer.writeBigUInt64BE(BigInt(at), 24);
  return Buffer.concat([Buffer.from('bplist00'), ...objects, table, trailer]);
}

function add(value: Plain, objects: Buffer[]): number {
  const index = objects.length;
  objects.push(Buffer.alloc(0));
  objects[index] = encode(value, objects);
  return index;
}

function encode(value: Plain, objects: Buffer[]): Buffer {
  if (value === null) return Buffer.from([0x00]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0x09 : 0x08]);
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : real(0x23, value);
  if (typeof value === 'string') return text(value);
  if (value instanceof Date) return real(0x33, value.getTime() / 1000 - EPOCH_SECONDS);
  if (value instanceof Uint8Array) return Buffer.concat([mark(0x4, value.length), value]);
  if (Array.isArray(value)) {
    return Buffer.concat([
      mark(0xa, value.length),
      Buffer.from(value.map((item: Plain) => add(item, objects))),
    ]);
  }
  const entries = Object.entries(value);
  const refs = [
    ...entries.map(([key]) => add(key, objects)),
    ...entries.map(([, child]) => add(child, objects)),
  ];
  return Buffer.concat([mark(0xd, entries.length), Buffer.from(refs)]);
}

function text(value: string): Buffer {
  const wide = Buffer.from(value, 'utf16le').swap16();
  const isAscii = [...value].every((character) => (character.codePointAt(0) ?? 0) < 0x80);
  return isAscii
    ? Buffer.concat([mark(0x5, value.length), Buffer.from(value)])
    : Buffer.concat([mark(0x6, value.length), wide]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0x13);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function real(marker: number, value: number): Buffer {
  const bytes = Buffer.alloc(9, marker);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function mark(kind: number, count: number): Buffer {
  return count < 15 ? Buffer.from([(kind << 4) | count]) : Buffer.from([(kind << 4) | 0xf, 0x10, count]);
}
