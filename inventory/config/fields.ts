import type { Fault, Position } from '../errors.ts';
import {
  addFault,
  type ConfigObject,
  type ConfigValue,
  isList,
  isObject,
  quoted,
  type ValuePath,
} from './value.ts';

const APPROVAL_KEYS = ['autoApprove', 'alwaysAllow', 'trust'] as const;

/** Reads the fields of one entry by any of their spellings and collects what is malformed, each at its key. */
export class FieldReader {
  readonly raw: ConfigObject;
  readonly faults: Fault[] = [];
  readonly #name: string;
  readonly #positionOf: (path: ValuePath) => Position | null;

  constructor(name: string, raw: ConfigObject, positionOf: (path: ValuePath) => Position | null) {
    this.#name = name;
    this.raw = raw;
    this.#positionOf = positionOf;
  }

  fault(path: ValuePath, what: string): void {
    const field = path.map((key) => (typeof key === 'number' ? `[${key}]` : key)).join('.');
    const message = `server ${quoted(this.#name)}: ${quoted(field).slice(1, -1)} ${what}`;
    addFault(this.faults, { code: 'CONFIG_ENTRY_INVALID', message, at: this.#positionOf(path) });
  }

  /** The first of these keys that holds a text, and the text. */
  string(keys: readonly string[]): readonly [string | null, string | null] {
    for (const key of keys) {
      const value = this.raw[key];
      if (typeof value === 'string') return [key, value];
      if (value !== undefined && value !== null) this.fault([key], 'is not a string');
    }
    return [null, null];
  }

  /** A list of words; what is no text is kept as JSON, so that nothing of a command line is hidden. */
  list(path: readonly string[]): readonly string[] {
    const value = this.#at(path);
    if (isList(value)) return value.map((item, index) => this.#text(item, [...path, index]));
    if (value !== undefined && value !== null) this.fault(path, 'is not a list');
    return [];
  }

  /** A list of names, or one name; null where the key is absent or holds something else. */
  names(key: string): readonly string[] | null {
    const value = this.raw[key];
    if (typeof value === 'string') return [value];
    if (!isList(value)) return null;
    return value.flatMap((item) => {
      const name = isObject(item) ? item['name'] : item;
      return typeof name === 'string' ? [name] : [];
    });
  }

  strings(keys: readonly string[]): Readonly<Record<string, string>> {
    const all: Record<string, string> = Object.create(null);
    for (const key of keys) Object.assign(all, this.#record([key]));
    return all;
  }

  nestedStrings(...path: readonly string[]): Readonly<Record<string, string>> {
    return this.#record(path);
  }

  flag(key: string): boolean | null {
    const value = this.raw[key];
    if (typeof value === 'boolean') return value;
    if (value !== undefined && value !== null) this.fault([key], 'is neither true nor false');
    return null;
  }

  disabled(): boolean | null {
    const [disabled, enabled] = [this.flag('disabled'), this.flag('enabled')];
    return disabled ?? (enabled === null ? null : !enabled);
  }

  approval(): readonly string[] | boolean | null {
    for (const key of APPROVAL_KEYS) {
      const value = this.raw[key];
      if (typeof value === 'boolean') return value;
      if (isList(value)) return value.map((item, index) => this.#text(item, [key, index]));
      if (typeof value === 'string' && key !== 'trust') return [value];
      if (typeof value === 'number' || isObject(value))
        this.fault([key], 'is neither a list nor true or false');
    }
    return null;
  }

  #record(path: readonly string[]): Readonly<Record<string, string>> {
    const value = this.#at(path);
    const record: Record<string, string> = Object.create(null);
    if (isObject(value)) {
      for (const [key, child] of Object.entries(value)) record[key] = this.#text(child, [...path, key]);
    } else if (isList(value)) {
      for (const [index, item] of value.entries()) assign(record, this.#text(item, [...path, index]));
    } else if (value !== undefined && value !== null) {
      this.fault(path, 'is not an object');
    }
    return record;
  }

  #at(path: readonly string[]): ConfigValue | undefined {
    let here: ConfigValue | undefined = this.raw;
    for (const key of path) here = isObject(here) ? here[key] : undefined;
    return here;
  }

  /** Clients take numbers and truth values for their text; anything else they refuse or garble. */
  #text(value: ConfigValue, path: ValuePath): string {
    if (typeof value === 'string') return value;
    if (typeof value !== 'number' && typeof value !== 'boolean') this.fault(path, 'is not a string');
    return JSON.stringify(value);
  }
}

/** Docker Compose spells an environment as `["A=1", "B"]`. */
function assign(record: Record<string, string>, item: string): void {
  const at = item.indexOf('=');
  record[at < 0 ? item : item.slice(0, at)] = at < 0 ? '' : item.slice(at + 1);
}
