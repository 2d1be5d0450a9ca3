import { nameShape } from './shadows.ts';

/** A name of several words: nobody writes it by chance, so that it means the tool. */
const DISTINCT = /[a-z0-9][_.-][a-z0-9]|[a-z][A-Z]/;
const MIN_DISTINCT_LENGTH = 6;
/** What may be part of the name of a tool or of its server in a text. */
const WORD = /[\p{L}\p{N}_][\p{L}\p{N}_.:/-]*/gu;

/** What is known beside one tool: the others of its server, and those of other servers of the client. */
export class Neighbours {
  /** Names of the tools of the same server; null where they are not known. */
  readonly own: ReadonlySet<string> | null;
  /** What a text says where it means a tool of another server, and which. */
  readonly #spellings = new Map<string, string>();
  /** Names of the servers' tools by shape. */
  readonly #shapes = new Map<string, string>();

  constructor(
    own: Iterable<string> | null = null,
    others: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {
    this.own = own === null ? null : new Set(own);
    for (const [server, tools] of others) for (const tool of tools) this.#add(server, tool);
  }

  #add(server: string, tool: string): void {
    const meant = `${server}/${tool}`;
    for (const between of ['/', ':', '.']) this.#spellings.set(`${server}${between}${tool}`, meant);
    this.#spellings.set(`mcp__${server}__${tool}`, meant);
    this.#spellings.set(`mcp_${server}_${tool}`, meant);
    this.#spellings.set(`mcp_${server}`, meant);
    const isDistinct = tool.length >= MIN_DISTINCT_LENGTH && DISTINCT.test(tool);
    if (isDistinct && this.own?.has(tool) !== true) this.#spellings.set(tool, meant);
    this.#shapes.set(nameShape(tool), tool);
  }

  /** The tool of another server that a text names, as `server/tool`; `but` are names that mean something else here. */
  namedIn(text: string, but: ReadonlySet<string>): string | null {
    if (this.#spellings.size === 0) return null;
    for (const [word] of text.matchAll(WORD)) {
      const name = word.replace(/[.:/-]+$/, '');
      const meant = this.#spellings.get(name);
      if (meant !== undefined && !but.has(name)) return meant;
    }
    return null;
  }

  /** The tool of another server whose name looks like this one and is not quite it. */
  lookedLike(name: string): string | null {
    const other = this.#shapes.get(nameShape(name));
    return other === undefined || folded(other) === folded(name) ? null : other;
  }
}

/** Case and the way in which words are joined make no look-alike: `read-file` and `readFile`. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[\s._-]/g, '');
}
