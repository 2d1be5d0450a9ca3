import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileRules, parseEventRecord, type Rule, type RuleSet } from '../../rules/engine/index.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const SIGMA_CORPUS = join(CHECKOUT, '..', 'shared', 'corpus', 'sigma');
export const PACK = join(CHECKOUT, 'rules', 'mcp');

/** The directory of the Sigma corpus, or the reason to skip tests that need it. */
export function sigmaCorpus(folder: 'rules' | 'vectors'): {
  readonly dir: string;
  readonly skip: string | false;
} {
  const dir = join(SIGMA_CORPUS, folder);
  return { dir, skip: existsSync(dir) ? false : `the shared corpus is not there: ${dir}` };
}

/** All rule files below a directory, in a stable order. */
export function ruleFiles(dir: string): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => ({ path: name, text: readFileSync(join(dir, name), 'utf8') }));
}

/** A rule with these lines as its `detection`. */
export function ruleText(detection: string): string {
  const body = detection
    .trim()
    .split('\n')
    .map((line) => `  ${line}`);
  return ['title: t', 'detection:', ...body, ''].join('\n');
}

/** Compiles one text and hands back its only rule's set. */
export function compileOne(text: string): RuleSet {
  const set = compileRules([{ path: 't.yml', text }]);
  if (set.refused.length > 0 || set.rules.length !== 1) {
    throw new Error(`not one rule: ${JSON.stringify(set.refused)}\n${text}`);
  }
  return set;
}

/** Whether a detection matches an event record. */
export function detects(detection: string, event: unknown): boolean {
  return compileOne(ruleText(detection)).match(parseEventRecord(event)).length > 0;
}

/** The only refusal of a text. */
export function refusal(text: string): {
  readonly code: string;
  readonly line: number;
  readonly message: string;
} {
  const { refused, rules } = compileRules([{ path: 't.yml', text }]);
  const [first] = refused;
  if (first === undefined || rules.length > 0) throw new Error(`was taken:\n${text}`);
  return first;
}

export function names(rules: readonly Rule[]): readonly string[] {
  return rules.map((rule) => rule.name);
}
