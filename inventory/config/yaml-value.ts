import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  type Scalar,
  visit,
} from 'yaml';
import type { Fault, Position } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES } from '../limits.ts';
import {
  addFault,
  ConfigFault,
  type ConfigValue,
  quoted,
  repeatedKey,
  toConfigValue,
  tooDeep,
  tooManyValues,
} from './value.ts';

/** What each alias stands for: the last node before it with that anchor. */
export type Aliases = ReadonlyMap<Alias, unknown>;

/** Resolves every alias in one pass. Throws ConfigFault at one that stands for nothing. */
export function resolveAliases(document: Document, positionAt: (offset: number) => Position): Aliases {
  const anchors = new Map<string, unknown>();
  const aliases = new Map<Alias, unknown>();
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, node);
        return;
      }
      if (!anchors.has(node.source)) {
        const message = 'not YAML: the alias stands for nothing before it';
        throw new ConfigFault({ code: 'CONFIG_SYNTAX', message, at: positionAt(startOf(node)) });
      }
      aliases.set(node, anchors.get(node.source));
    },
  });
  return aliases;
}

export function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** The parser turns a `<<` that merges, but not a quoted one, into a symbol. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}

/** The name of a key; a collection as key has none that JSON could say. */
export function keyName(key: unknown, aliases: Aliases): string {
  const named = isAlias(key) ? aliases.get(key) : key;
  if (!isScalar(named)) return '?';
  return named.value === null ? '' : String(toConfigValue(named.value));
}

/**
 * Turns a parsed document into plain values. An alias is read anew wherever it stands, against the same
 * budget of values, so what would multiply ends at the limit. Throws ConfigFault past depth or count.
 */
export class YamlReader {
  readonly faults: Fault[] = [];
  readonly #aliases: Aliases;
  readonly #positionAt: (offset: number) => Position;
  /** Scalars that take work, so that aliases of one do it once. */
  readonly #scalars = new Map<Scalar, ConfigValue>();
  #left = MAX_CONFIG_VALUES;

  constructor(aliases: Aliases, positionAt: (offset: number) => Position) {
    this.#aliases = aliases;
    this.#positionAt = positionAt;
  }

  value(node: unknown, depth = 0): ConfigValue {
    if (depth > MAX_CONFIG_DEPTH) throw new ConfigFault(tooDeep(this.#positionAt(startOf(node))));
    this.#left -= 1;
    if (this.#left < 0) throw new ConfigFault(tooManyValues(this.#positionAt(startOf(node))));
    if (isAlias(node)) return this.value(this.#aliases.get(node), depth + 1);
    if (isScalar(node)) return this.#scalar(node);
    if (isMap(node)) return this.#map(node.items, depth);
    if (!isSeq(node)) return null;
    // `!!omap` and `!!pairs` are lists of pairs.
    const pairs = node.items.filter((item) => isPair(item));
    if (pairs.length > 0) return this.#map(pairs, depth);
    return node.items.map((item) => this.value(item, depth + 1));
  }

  #scalar(node: Scalar): ConfigValue {
    if (typeof node.value !== 'object' || node.value === null) return toConfigValue(node.value);
    const known = this.#scalars.get(node);
    if (known !== undefined) return known;
    const value = toConfigValue(node.value);
    this.#scalars.set(node, value);
    return value;
  }

  #map(pairs: readonly Pair[], depth: number): ConfigValue {
    const object: Record<string, ConfigValue> = Object.create(null);
    const own = new Set<string>();
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) {
        this.#merge(object, value, startOf(key), depth);
        continue;
      }
      const name = keyName(key, this.#aliases);
      if (own.has(name)) addFault(this.faults, repeatedKey(name, this.#positionAt(startOf(key))));
      own.add(name);
      object[name] = this.value(value, depth + 1);
    }
    return object;
  }

  /** Adds the keys of the merged maps that are not there yet; the map's own keys always win. */
  #merge(object: Record<string, ConfigValue>, merged: unknown, at: number, depth: number): void {
    const target = isAlias(merged) ? this.#aliases.get(merged) : merged;
    for (const source of isSeq(target) ? target.items : [target]) {
      const map = isAlias(source) ? this.#aliases.get(source) : source;
      if (!isMap(map)) {
        const message = `the merge key ${quoted('<<')} names something that is not a mapping`;
        addFault(this.faults, { code: 'CONFIG_ENTRY_INVALID', message, at: this.#positionAt(at) });
        continue;
      }
      const values = this.value(map, depth + 1);
      for (const [name, value] of Object.entries(values ?? {})) {
        if (!Object.hasOwn(object, name)) object[name] = value;
      }
    }
  }
}
