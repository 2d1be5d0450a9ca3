import { RuleError } from './errors.ts';
import { Collection } from './parse/collection.ts';
import { type ParsedCorrelation, parseCorrelation } from './parse/correlation.ts';
import { readDocuments } from './parse/document.ts';
import { type ParsedFilter, parseFilter } from './parse/filter.ts';
import { type ParsedRule, parseRule } from './parse/rule.ts';

/** A rule file as read by the caller; `path` only names it in answers. */
export interface RuleSource {
  readonly path: string;
  readonly text: string;
}

/** The documents of all files by their kind, in the order in which they were given. */
export interface ParsedSources {
  readonly rules: readonly ParsedRule[];
  readonly correlations: readonly ParsedCorrelation[];
  readonly filters: readonly ParsedFilter[];
}

type Refuse = (path: string, error: RuleError) => void;

/** Parses files. Of two rules with one `id` the first counts; the other, and what does not parse, is refused. */
export function parseSources(sources: readonly RuleSource[], refuse: Refuse): ParsedSources {
  const parsed = {
    rules: [] as ParsedRule[],
    correlations: [] as ParsedCorrelation[],
    filters: [] as ParsedFilter[],
  };
  const holders = new Map<string, string>();
  for (const { path, text } of sources) {
    const documents = attempt(path, refuse, () => readDocuments(text)) ?? [];
    const collection = new Collection();
    for (const [index, document] of documents.entries()) {
      attempt(path, refuse, () => {
        const node = collection.next(document.read());
        if (node === null) return;
        if (node.entries.has('correlation')) {
          const correlation = parseCorrelation(node, path, index);
          holdId(correlation, path, holders);
          parsed.correlations.push(correlation);
        } else if (node.entries.has('filter')) {
          parsed.filters.push(parseFilter(node, path, index));
        } else {
          const rule = parseRule(node, path, index);
          holdId(rule, path, holders);
          parsed.rules.push(rule);
        }
      });
    }
  }
  return parsed;
}

function holdId(
  { id, line }: { readonly id: string | null; readonly line: number },
  path: string,
  holders: Map<string, string>,
): void {
  if (id === null) return;
  const holder = holders.get(id);
  if (holder !== undefined) {
    throw new RuleError('RULE_ID_DUPLICATE', `the id ${id} is taken by ${holder}`, { line });
  }
  holders.set(id, path);
}

function attempt<T>(path: string, refuse: Refuse, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    refuse(path, error);
    return undefined;
  }
}
