import { basename } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { RuleSource } from '../../rules/engine/index.ts';

/** What a document of a rule file calls itself, and where in the text it stands. */
interface Head {
  readonly names: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * Rules without those that others replace: a rule goes where another has its name or id. What is left keeps its
 * lines, so that a refusal still names the right one.
 */
export function withoutReplaced(
  sources: readonly RuleSource[],
  replacing: readonly RuleSource[],
): readonly RuleSource[] {
  const taken = new Set(replacing.flatMap((source) => headsOf(source)).flatMap(({ names }) => names));
  return sources.flatMap((source) => {
    const heads = headsOf(source);
    const gone = heads.filter(({ names }) => names.some((name) => taken.has(name)));
    if (gone.length === 0) return [source];
    return gone.length === heads.length ? [] : [{ path: source.path, text: blanked(source.text, gone) }];
  });
}

/** The engine says what is wrong with a text; here one that cannot be read only replaces nothing. */
function headsOf({ path, text }: RuleSource): readonly Head[] {
  const stem = basename(path).replace(/\.[^.]*$/, '');
  try {
    const documents = parseAllDocuments(text, { uniqueKeys: false, prettyErrors: false });
    if (!Array.isArray(documents)) return [];
    return documents.flatMap((document, index) => {
      const { contents } = document;
      if (contents === null || document.errors.length > 0) return [];
      const given = ['name', 'id']
        .map((key) => document.get(key))
        .filter((value) => typeof value === 'string');
      const [start, , end] = contents.range;
      return [{ names: document.has('name') || index > 0 ? given : [stem, ...given], start, end }];
    });
  } catch {
    return [];
  }
}

function blanked(text: string, heads: readonly Head[]): string {
  return heads.reduce(
    (rest, { start, end }) =>
      rest.slice(0, start) + rest.slice(start, end).replaceAll(/[^\n]/g, ' ') + rest.slice(end),
    text,
  );
}
