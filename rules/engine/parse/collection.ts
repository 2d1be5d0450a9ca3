import { RuleError } from '../errors.ts';
import { MAX_NODES } from '../limits.ts';
import type { MapEntry, MapNode, RuleNode } from './document.ts';

/**
 * Puts together the documents of one file: `action: global` gives keys to all that follow until `action: reset`,
 * `action: repeat` is the document before it with other keys on top (pySigma, "collections"; the specification knows
 * several documents in a file only). What a document says itself wins over what is global. An id that was taken over
 * is numbered, so that each rule has its own.
 */
export class Collection {
  #global: MapNode | null = null;
  #previous: MapNode | null = null;
  readonly #inherited = new Map<string, number>();

  /**
   * The next document; null where it is no rule of its own.
   * @throws RuleError `RULE_DOCUMENT_INVALID`, `RULE_COLLECTION_INVALID`, `RULE_TOO_COMPLEX`
   */
  next(node: RuleNode): MapNode | null {
    if (node.kind !== 'map') {
      throw new RuleError('RULE_DOCUMENT_INVALID', 'a rule must be a YAML map', { line: node.line });
    }
    const action = node.entries.get('action');
    if (action === undefined) return this.#keep(this.#numbered(node, this.#global));
    const own = without(node, 'action');
    switch (action.value.kind === 'scalar' ? action.value.value : undefined) {
      case 'global':
        this.#global = this.#global === null ? own : merge(this.#global, own);
        return null;
      case 'reset':
        this.#global = null;
        return null;
      case 'repeat':
        if (this.#previous === null) throw invalid('there is nothing to repeat', action.line);
        return this.#keep(this.#numbered(own, this.#previous));
      default:
        throw invalid('`action` must be global, reset or repeat', action.line);
    }
  }

  #keep(node: MapNode): MapNode {
    this.#previous = node;
    return node;
  }

  #numbered(own: MapNode, base: MapNode | null): MapNode {
    if (base === null) return own;
    const merged = merge(base, own);
    const id = merged.entries.get('id');
    if (own.entries.has('id') || id === undefined || id.value.kind !== 'scalar') return merged;
    const { source } = id.value;
    const first = source.replace(/_\d+$/, '');
    const count = (this.#inherited.get(first) ?? (base === this.#global ? 0 : 1)) + 1;
    this.#inherited.set(first, count);
    if (count === 1) return merged;
    const numbered = `${first}_${count}`;
    return withEntry(merged, 'id', { ...id, value: { ...id.value, value: numbered, source: numbered } });
  }
}

function invalid(message: string, line: number): RuleError {
  return new RuleError('RULE_COLLECTION_INVALID', message, { line });
}

function without(node: MapNode, key: string): MapNode {
  const entries = new Map(node.entries);
  entries.delete(key);
  return { ...node, entries };
}

function withEntry(node: MapNode, key: string, entry: MapEntry): MapNode {
  return { ...node, entries: new Map(node.entries).set(key, entry) };
}

/** Maps are merged key by key, anything else of `over` replaces that of `base`. */
function merge(base: MapNode, over: MapNode): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)?.value;
    const both = below?.kind === 'map' && entry.value.kind === 'map';
    entries.set(key, both ? { ...entry, value: merge(below, entry.value) } : entry);
  }
  if (entries.size > MAX_NODES) {
    throw new RuleError('RULE_TOO_COMPLEX', `more than ${MAX_NODES} keys`, { line: over.line });
  }
  return { kind: 'map', line: over.line, entries };
}
