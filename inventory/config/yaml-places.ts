import { isAlias, isMap, isPair, isSeq } from 'yaml';
import { type Place, place } from './places.ts';
import { type Aliases, isMergeKey, keyName, startOf } from './yaml-value.ts';

/** Where the keys of a YAML document are written; through aliases and merge keys, where they were anchored. */
export function yamlPlaces(root: unknown, aliases: Aliases): Place {
  return placeOf(root, startOf(root), aliases);
}

function placeOf(node: unknown, at: number, aliases: Aliases): Place {
  return place(at, () => insideOf(node, aliases, 0));
}

function insideOf(node: unknown, aliases: Aliases, hops: number): ReadonlyMap<string | number, Place> {
  const inside = new Map<string | number, Place>();
  // A merge key may name itself through its anchor.
  if (hops > aliases.size) return inside;
  if (isAlias(node)) return insideOf(aliases.get(node), aliases, hops + 1);
  const items = isMap(node) || isSeq(node) ? node.items : [];
  for (const item of items) {
    if (!isPair(item) || !isMergeKey(item.key)) continue;
    const value = isAlias(item.value) ? aliases.get(item.value) : item.value;
    for (const source of isSeq(value) ? value.items : [value]) {
      for (const [name, found] of insideOf(source, aliases, hops + 1)) {
        if (!inside.has(name)) inside.set(name, found);
      }
    }
  }
  for (const [index, item] of items.entries()) {
    if (!isPair(item)) inside.set(index, placeOf(item, startOf(item), aliases));
    else if (!isMergeKey(item.key)) {
      inside.set(keyName(item.key, aliases), placeOf(item.value, startOf(item.key), aliases));
    }
  }
  return inside;
}
