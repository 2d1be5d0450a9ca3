import { SaxesParser } from 'saxes';
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
  LineIndex,
  quoted,
  repeatedKey,
  tooDeep,
  tooManyValues,
} from './value.ts';

/** A dict or array that is open; `key` is the last key that has no value yet. */
interface OpenContainer {
  readonly at: number;
  readonly value: Record<string, ConfigValue> | ConfigValue[];
  readonly places: Map<string | number, Place>;
  key: { readonly name: string; readonly at: number } | null;
}

type Leaf = (text: string) => ConfigValue | undefined;

/** What the text of an element means; undefined where it means nothing. */
const LEAVES: Readonly<Record<string, Leaf>> = {
  string: (text) => text,
  integer: (text) => (/^\s*[-+]?(?:\d+|0[xX][0-9a-fA-F]+)\s*$/.test(text) ? numberOf(text) : undefined),
  real: realOf,
  date: (text) => {
    const date = new Date(text.trim());
    return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  },
  data: (text) => {
    const packed = text.replace(/\s+/g, '');
    return /^[A-Za-z0-9+/]*={0,2}$/.test(packed) ? packed : undefined;
  },
  true: () => true,
  false: () => false,
};

/**
 * Reads an XML property list strictly by Apple's PropertyList-1.0 grammar. Entities of the document's own
 * are refused, so nothing expands; elements are kept on a list, so nothing recurses.
 */
export function parseXmlPlist(text: string): ConfigDocument {
  const lines = new LineIndex(text);
  const positionAt = (offset: number) => lines.positionAt(Math.min(offset, text.length));
  try {
    const builder = new PlistBuilder(text, positionAt);
    builder.run();
    const { top } = builder;
    if (top === null) throw new ConfigFault(syntax('there is no value in it', positionAt(text.length)));
    if (!isObject(top.value)) {
      const message = 'the top level is not a dictionary';
      return brokenDocument({ code: 'CONFIG_NOT_AN_OBJECT', message, at: positionAt(top.at.at) });
    }
    const { at } = top;
    return { root: top.value, faults: builder.faults, positionOf: positionsIn(() => at, positionAt) };
  } catch (error) {
    if (error instanceof ConfigFault) return brokenDocument(error.fault);
    throw error;
  }
}

function syntax(what: string, at: Position): Fault {
  return { code: 'CONFIG_SYNTAX', message: `not a property list: ${what}`, at };
}

class PlistBuilder {
  top: { readonly value: ConfigValue; readonly at: Place } | null = null;
  readonly faults: Fault[] = [];
  readonly #text: string;
  readonly #positionAt: (offset: number) => Position;
  readonly #parser = new SaxesParser();
  readonly #open: OpenContainer[] = [];
  #leaf: { readonly name: string; readonly at: number } | null = null;
  #characters: string[] = [];
  #plist: 'before' | 'inside' | 'after' = 'before';
  #count = 0;

  constructor(text: string, positionAt: (offset: number) => Position) {
    this.#text = text;
    this.#positionAt = positionAt;
  }

  run(): void {
    const parser = this.#parser;
    parser.on('error', (error) => this.#fail(reasonOf(error), this.#lastRead()));
    parser.on('doctype', (doctype) => {
      if (doctype.includes('[')) this.#fail('a document type may not define entities', this.#tagStart());
    });
    parser.on('opentag', ({ name }) => this.#opened(name, this.#tagStart()));
    parser.on('closetag', ({ name }) => this.#closed(name));
    parser.on('text', (characters) => this.#said(characters));
    parser.on('cdata', (characters) => this.#said(characters));
    parser.write(this.#text).close();
  }

  #opened(name: string, at: number): void {
    this.#count += 1;
    if (this.#count > MAX_CONFIG_VALUES) throw new ConfigFault(tooManyValues(this.#positionAt(at)));
    if (this.#leaf !== null) this.#fail(`an element inside <${this.#leaf.name}>`, at);
    if (name === 'plist' && this.#plist === 'before') {
      this.#plist = 'inside';
    } else if (this.#plist !== 'inside') {
      this.#fail('the outermost element is not <plist>', at);
    } else if (name === 'dict' || name === 'array') {
      this.#expectValue(at);
      if (this.#open.length > MAX_CONFIG_DEPTH) throw new ConfigFault(tooDeep(this.#positionAt(at)));
      const value = name === 'dict' ? Object.create(null) : [];
      this.#open.push({ at, value, places: new Map(), key: null });
    } else {
      if (name === 'key') this.#expectKey(at);
      else if (Object.hasOwn(LEAVES, name)) this.#expectValue(at);
      else this.#fail(`no element of it is called ${quoted(name)}`, at);
      this.#leaf = { name, at };
      this.#characters = [];
    }
  }

  #closed(name: string): void {
    if (name === 'plist') {
      this.#plist = 'after';
      return;
    }
    const leaf = this.#leaf;
    if (leaf === null) {
      const done = this.#open.pop();
      if (done === undefined) return;
      if (done.key !== null) this.#fail('a key without a value', done.key.at);
      this.#add(
        done.value,
        place(done.at, () => done.places),
      );
      return;
    }
    this.#leaf = null;
    const text = this.#characters.join('');
    const parent = this.#open.at(-1);
    if (name === 'key' && parent !== undefined) {
      parent.key = { name: text, at: leaf.at };
      return;
    }
    const value = LEAVES[name]?.(text);
    if (value === undefined) this.#fail(`malformed text of <${name}>`, leaf.at);
    else this.#add(value, place(leaf.at));
  }

  #said(characters: string): void {
    if (this.#leaf !== null) this.#characters.push(characters);
    else if (/[^\s]/.test(characters) && this.#plist === 'inside') {
      this.#fail('text between the elements', this.#lastRead());
    }
  }

  #add(value: ConfigValue, at: Place): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      this.top = { value, at };
    } else if (Array.isArray(parent.value)) {
      parent.places.set(parent.value.length, at);
      parent.value.push(value);
    } else if (parent.key !== null) {
      const { name, at: keyAt } = parent.key;
      if (name in parent.value) addFault(this.faults, repeatedKey(name, this.#positionAt(keyAt)));
      parent.value[name] = value;
      parent.places.set(name, place(keyAt, at.inside));
      parent.key = null;
    }
  }

  #expectKey(at: number): void {
    const parent = this.#open.at(-1);
    if (parent === undefined || Array.isArray(parent.value)) this.#fail('a key outside a dictionary', at);
    else if (parent.key !== null) this.#fail('a key without a value', parent.key.at);
  }

  #expectValue(at: number): void {
    const parent = this.#open.at(-1);
    if (parent === undefined && this.top !== null) this.#fail('a second value', at);
    if (parent !== undefined && !Array.isArray(parent.value) && parent.key === null) {
      this.#fail('a value without a key', at);
    }
  }

  #lastRead(): number {
    return Math.max(this.#parser.position - 1, 0);
  }

  /** The parser stands behind the `>`; no raw `<` can lie inside a tag. */
  #tagStart(): number {
    return Math.max(this.#text.lastIndexOf('<', this.#parser.position - 1), 0);
  }

  #fail(what: string, at: number): never {
    throw new ConfigFault(syntax(what, this.#positionAt(at)));
  }
}

/** The parser's messages may quote a name of the file after a colon; the rest is its own words. */
function reasonOf(error: Error): string {
  const [words = ''] = error.message.replace(/^(?:[^:]*:)?\d+:\d+: /, '').split(':', 1);
  return words.replace(/\.$/, '').toLowerCase();
}

function numberOf(text: string): ConfigValue {
  const trimmed = text.trim().replace(/^\+/, '');
  const negative = trimmed.startsWith('-');
  const value = Number(negative ? trimmed.slice(1) : trimmed);
  return negative ? -value : value;
}

function realOf(text: string): ConfigValue | undefined {
  const trimmed = text.trim().toLowerCase();
  if (/^[-+]?(?:nan|inf(?:inity)?)$/.test(trimmed)) return trimmed;
  const value = trimmed === '' ? Number.NaN : Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}
