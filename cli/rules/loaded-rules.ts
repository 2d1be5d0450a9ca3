import { resolve } from 'node:path';
import { AgentError, readRuleFiles } from '../../agent/index.ts';
import {
  type CompileOptions,
  compileRules,
  type Refusal,
  type RuleSet,
  type RuleSource,
  type Warning,
} from '../../rules/engine/index.ts';
import { CliError } from '../errors.ts';
import { type Output, printable } from '../output.ts';

/** Options of commands that compile rules. */
export interface RuleOptions {
  readonly scope?: CompileOptions['scope'];
  /** `name=value`, several of one name are several values. */
  readonly placeholder?: readonly string[];
}

/** The rule files at the given paths, each once. @throws {CliError} `CLI_FILE_UNREADABLE` */
export function ruleSourcesAt(paths: readonly string[]): readonly RuleSource[] {
  const sources = new Map<string, RuleSource>();
  for (const source of paths.flatMap((path) => readAt(path))) {
    const place = resolve(source.path);
    if (!sources.has(place)) sources.set(place, source);
  }
  return [...sources.values()];
}

/** @throws {CliError} `CLI_USAGE` for a placeholder that cannot be understood */
export function compileSources(sources: readonly RuleSource[], options: RuleOptions): RuleSet {
  return compileRules(sources, {
    scope: options.scope ?? 'host',
    placeholders: placeholdersOf(options.placeholder ?? []),
  });
}

export function refusalLine({ path, line, code, message }: Refusal): string {
  return `${printable(path)}:${line}: ${printable(message)} (${code})`;
}

export function warningLine({ path, line, code, message }: Warning): string {
  return `${printable(path)}:${line}: warning: ${printable(message)} (${code})`;
}

/** Tells people of rules that are not taken, where what they asked for is something else. */
export function sayRefused({ refused }: RuleSet, output: Output): void {
  for (const refusal of refused) output.say(refusalLine(refusal));
}

function readAt(path: string): readonly RuleSource[] {
  try {
    return readRuleFiles([path]);
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause;
    const isMissing = cause.cause instanceof Error && 'code' in cause.cause && cause.cause.code === 'ENOENT';
    throw new CliError('CLI_FILE_UNREADABLE', isMissing ? `${path} is not there` : cause.message, {
      cause,
      hint: 'name rule files (.yml, .yaml) that you may read, or directories that hold some',
    });
  }
}

function placeholdersOf(words: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf('=');
    const name = word.slice(0, at).replaceAll('%', '');
    if (at < 0 || name === '') {
      throw new CliError('CLI_USAGE', `--placeholder takes NAME=VALUE, not ${word}`);
    }
    values.set(name, [...(values.get(name) ?? []), word.slice(at + 1)]);
  }
  return Object.fromEntries(values);
}
