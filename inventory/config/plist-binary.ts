import type { Fault, Position } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES } from '../limits.ts';
import { type Place, place, positionsIn } from './places.ts';
import {
  addFault,
  brokenDocument,
  type ConfigDocument,
  ConfigFault,
  type ConfigValue,
  isObject,
  quoted,
  repeatedKey,
  tooDeep,
  tooManyValues,
} from './value.ts';

/**
 * The binary property list, version 00, as CFBinaryPList.c of Apple's CoreFoundation describes it: a header
 * of 8 bytes, objects, a table of their offsets, and a trailer of 32 bytes. Objects refer to each other by
 * number, so the same object may be met often, or inside itself: depth and count are bounded while reading.
 */
const HEADER = 'bplist';
const VERSION = '00';
const TRAILER_BYTES = 32;
/** Seconds from 1970 to 2001, in which a date counts. */
const EPOCH_SECONDS = 978_307_200;

interface Trailer {
  readonly offsetBytes: number;
  readonly refBytes: number;
  readonly objects: number;
  readonly top: number;
  readonly table: number;
}

export function isBinaryPlist(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, HEADER.length) === HEADER;
}

/** Reads a binary property list. It has no lines: a position is line 1 and the number of the byte. */
export function parseBinaryPlist(bytes: Buffer): ConfigDocument {
  try {
    const reader = new BinaryReader(bytes, readTrailer(bytes));
    const { value, at } = reader.top();
    if (!isObject(value)) {
      const message = 'the top level is not a dictionary';
      return brokenDocument({ code: 'CONFIG_NOT_AN_OBJECT', message, at: byteAt(at.at) });
    }
    return { root: value, faults: reader.faults, positionOf: positionsIn(() => at, byteAt) };
  } catch (error) {
    if (error instanceof ConfigFault) return brokenDocument(error.fault);
    throw error;
  }
}

function byteAt(offset: number): Position {
  return { line: 1, column: offset + 1 };
}

function malformed(what: string, offset: number): ConfigFault {
  return new ConfigFault({
    code: 'CONFIG_SYNTAX',
    message: `not a binary property list: ${what}`,
    at: byteAt(offset),
  });
}

function readTrailer(bytes: Buffer): Trailer {
  const start = bytes.length - TRAILER_BYTES;
  if (bytes.toString('latin1', HEADER.length, HEADER.length + VERSION.length) !== VERSION) {
    throw malformed('its version is not 00', Math.min(HEADER.length, bytes.length));
  }
  if (start < HEADER.length + VERSION.length) throw malformed('it is cut off', bytes.length);
  const [offsetBytes, refBytes] = [bytes.readUInt8(start + 6), bytes.readUInt8(start + 7)];
  const [objects, top, table] = [8, 16, 24].map((at) => Number(bytes.readBigUInt64BE(start + at)));
  if (objects === undefined || top === undefined || table === undefined) throw malformed('no trailer', start);
  const isSane =
    offsetBytes >= 1 && offsetBytes <= 8 && refBytes >= 1 && refBytes <= 8 && top < objects && table >= 8;
  if (!isSane || table + objects * offsetBytes > start) throw malformed('its trailer does not fit it', start);
  return { offsetBytes, refBytes, objects, top, table };
}

interface Read {
  readonly value: ConfigValue;
  readonly at: Place;
}

class BinaryReader {
  readonly faults: Fault[] = [];
  readonly #bytes: Buffer;
  readonly #trailer: Trailer;
  /** Leaves by their number: shared text is decoded once, however often it is referred to. */
  readonly #leaves = new Map<number, ConfigValue>();
  #left = MAX_CONFIG_VALUES;

  constructor(bytes: Buffer, trailer: Trailer) {
    this.#bytes = bytes;
    this.#trailer = trailer;
  }

  top(): Read {
    return this.#object(this.#trailer.top, 0);
  }

  #object(index: number, depth: number): Read {
    const start = this.#offsetOf(index);
    if (depth > MAX_CONFIG_DEPTH) throw new ConfigFault(tooDeep(byteAt(start)));
    this.#left -= 1;
    if (this.#left < 0) throw new ConfigFault(tooManyValues(byteAt(start)));
    const kind = this.#byte(start) >> 4;
    if (kind === 0xa || kind === 0xb || kind === 0xc) return this.#list(start, depth);
    if (kind === 0xd) return this.#dictionary(start, depth);
    let value = this.#leaves.get(index);
    if (value === undefined) {
      value = this.#leaf(start);
      this.#leaves.set(index, value);
    }
    return { value, at: place(start) };
  }

  #list(start: number, depth: number): Read {
    const { count, at } = this.#count(start);
    const refs = this.#refs(at, count);
    const items: ConfigValue[] = [];
    const places = new Map<number, Place>();
    for (const [index, ref] of refs.entries()) {
      const item = this.#object(ref, depth + 1);
      items.push(item.value);
      places.set(index, item.at);
    }
    return { value: items, at: place(start, () => places) };
  }

  #dictionary(start: number, depth: number): Read {
    const { count, at } = this.#count(start);
    const refs = this.#refs(at, count * 2);
    const value: Record<string, ConfigValue> = Object.create(null);
    const places = new Map<string, Place>();
    for (let index = 0; index < count; index += 1) {
      const [keyRef, valueRef] = [refs[index] ?? 0, refs[index + count] ?? 0];
      const key = this.#object(keyRef, depth + 1);
      if (typeof key.value !== 'string') throw malformed('a key is not a text', key.at.at);
      if (key.value in value) addFault(this.faults, repeatedKey(key.value, byteAt(key.at.at)));
      const member = this.#object(valueRef, depth + 1);
      value[key.value] = member.value;
      places.set(key.value, place(key.at.at, member.at.inside));
    }
    return { value, at: place(start, () => places) };
  }

  #leaf(start: number): ConfigValue {
    const marker = this.#byte(start);
    const low = marker & 0xf;
    switch (marker >> 4) {
      case 0x0:
        if (low === 0) return null;
        if (low === 8 || low === 9) return low === 9;
        break;
      case 0x1:
        return this.#integer(start + 1, 2 ** low, start);
      case 0x2:
        return this.#real(start + 1, 2 ** low, start);
      case 0x3:
        return dateText(this.#real(start + 1, 8, start));
      case 0x4:
        return this.#slice(start, 1).toString('base64');
      case 0x5:
        return this.#slice(start, 1).toString('latin1');
      case 0x6:
        return Buffer.from(this.#slice(start, 2)).swap16().toString('utf16le');
      case 0x7:
        return this.#slice(start, 1).toString('utf8');
      case 0x8:
        return this.#integer(start + 1, low + 1, start);
    }
    throw malformed(`no object has the mark ${quoted(marker.toString(16))}`, start);
  }

  #slice(start: number, unit: number): Buffer {
    const { count, at } = this.#count(start);
    this.#need(at, count * unit);
    return this.#bytes.subarray(at, at + count * unit);
  }

  /** The count in the low half of a marker, or in the integer that follows it. */
  #count(start: number): { readonly count: number; readonly at: number } {
    const low = this.#byte(start) & 0xf;
    if (low !== 0xf) return { count: low, at: start + 1 };
    const marker = this.#byte(start + 1);
    if (marker >> 4 !== 1 || (marker & 0xf) > 3) throw malformed('a count is not a number', start);
    const length = 2 ** (marker & 0xf);
    return { count: this.#unsigned(start + 2, length), at: start + 2 + length };
  }

  #refs(at: number, count: number): readonly number[] {
    const { refBytes } = this.#trailer;
    this.#need(at, count * refBytes);
    return Array.from({ length: count }, (_, index) => this.#unsigned(at + index * refBytes, refBytes));
  }

  #offsetOf(index: number): number {
    const { objects, offsetBytes, table } = this.#trailer;
    if (index >= objects) throw malformed(`object ${index} does not exist`, table);
    const entry = table + index * offsetBytes;
    const offset = this.#unsigned(entry, offsetBytes);
    if (offset < HEADER.length + VERSION.length || offset >= table) {
      throw malformed(`object ${index} lies outside the objects`, entry);
    }
    return offset;
  }

  #integer(at: number, length: number, start: number): number {
    if (length > 16) throw malformed('an integer is too long', start);
    this.#need(at, length);
    // One, two and four bytes are unsigned, eight signed; sixteen hold an unsigned one of eight.
    if (length <= 4) return this.#unsigned(at, length);
    const hex = this.#bytes.toString('hex', at, at + length);
    return Number(BigInt.asIntN(length * 8, BigInt(`0x${hex}`)));
  }

  #real(at: number, length: number, start: number): number {
    if (length !== 4 && length !== 8) throw malformed('a number has an odd length', start);
    this.#need(at, length);
    return length === 4 ? this.#bytes.readFloatBE(at) : this.#bytes.readDoubleBE(at);
  }

  #unsigned(at: number, length: number): number {
    this.#need(at, length);
    let value = 0;
    for (let index = at; index < at + length; index += 1) value = value * 256 + this.#bytes.readUInt8(index);
    return value;
  }

  #byte(at: number): number {
    this.#need(at, 1);
    return this.#bytes.readUInt8(at);
  }

  #need(at: number, length: number): void {
    if (at + length > this.#bytes.length) throw malformed('it ends inside an object', this.#bytes.length);
  }
}

function dateText(seconds: number): string {
  const date = new Date((seconds + EPOCH_SECONDS) * 1000);
  return Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString();
}
