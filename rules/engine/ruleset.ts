import { type CompiledRule, compileRule } from './compile/detection.ts';
import { type Refusal, RuleError } from './errors.ts';
import { EventView, type RuleEvent } from './match/event.ts';
import { type ReadDocument, readDocuments } from './parse/document.ts';
import { logsourceApplies } from './parse/logsource.ts';
import type { Rule } from './parse/metadata.ts';
import { parseRule } from './parse/rule.ts';

/** A rule file as read by the caller; `path` only names it in answers. */
export interface RuleSource {
  readonly path: string;
  readonly text: string;
}

/** Compiled rules. Immutable: a reload makes a new one. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly refused: readonly Refusal[];
  /** The rules that match, in the order in which they were given. */
  match(event: RuleEvent): readonly Rule[];
}

/**
 * Compiles Sigma rules. Never throws for what a file says: a rule that cannot be taken is listed in `refused`
 * with its line and code, and the others go on. Of two rules with one `id` the first counts.
 */
export function compileRules(sources: readonly RuleSource[]): RuleSet {
  const compiled: CompiledRule[] = [];
  const refused: Refusal[] = [];
  const ids = new Map<string, string>();
  for (const source of sources) {
    const documents = attempt(source.path, refused, () => readDocuments(source.text)) ?? [];
    for (const [index, document] of documents.entries()) {
      const rule = attempt(source.path, refused, () => compileDocument(document, source.path, index, ids));
      if (rule !== undefined) compiled.push(rule);
    }
  }
  return {
    rules: compiled.map(({ rule }) => rule),
    refused,
    match: (event) => match(compiled, event),
  };
}

function compileDocument(
  document: ReadDocument,
  path: string,
  index: number,
  ids: Map<string, string>,
): CompiledRule {
  const parsed = parseRule(document.read(), path, index);
  const compiled = compileRule(parsed);
  const { id } = parsed;
  const holder = id === null ? undefined : ids.get(id);
  if (holder !== undefined) {
    throw new RuleError('RULE_ID_DUPLICATE', `the id ${id} is taken by ${holder}`, { line: parsed.line });
  }
  if (id !== null) ids.set(id, path);
  return compiled;
}

function attempt<T>(path: string, refused: Refusal[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    refused.push({ path, line: error.line, code: error.code, message: error.message });
    return undefined;
  }
}

function match(compiled: readonly CompiledRule[], event: RuleEvent): readonly Rule[] {
  const view = new EventView(event);
  const hits: Rule[] = [];
  for (const { rule, test } of compiled) {
    if (logsourceApplies(rule.logsource, event.logsource) && test(view)) hits.push(rule);
  }
  return hits;
}
