import type { RuleSet, Warning } from '../../rules/engine/index.ts';
import type { AgentLog } from '../log.ts';
import type { RuleEdition } from './rulebook.ts';
import type { Ending } from './tuning.ts';

/** Milliseconds before its end from which on it is told that a change or exception ends. */
const SOON_MS = 7 * 24 * 3_600_000;

interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Logs what is to be known of editions: each thing once, until it has gone and come back. */
export class EditionLog {
  readonly #log: AgentLog;
  #told: ReadonlySet<string> = new Set();

  constructor(log: AgentLog) {
    this.#log = log;
  }

  tell(edition: RuleEdition): void {
    const lines = new Map(linesOf(edition).map((line) => [JSON.stringify(line), line]));
    for (const [key, { level, message, fields }] of lines)
      if (!this.#told.has(key)) this.#log[level](message, fields);
    this.#told = new Set(lines.keys());
  }
}

/** What whoever runs the agent should hear of; that a rule is slow is a matter for its author. */
export function warningsOf({ warnings }: RuleSet): readonly Warning[] {
  return warnings.filter(({ code }) => code !== 'RULE_UNINDEXED');
}

function linesOf({
  set,
  refused,
  stale,
  unread,
  exposed,
  packFaults,
  tuning,
  time,
}: RuleEdition): readonly Line[] {
  const line = (level: Line['level'], message: string) => (fields: object) => ({
    level,
    message,
    fields: { ...fields },
  });
  const soon = tuning.ending.filter(({ until }) => until - time <= SOON_MS).map(fieldsOf);
  return [
    ...refused.map(line('error', 'rule refused')),
    ...stale
      .map((path) => ({ path }))
      .map(line('warn', 'rule file no longer loads; its last good version stays')),
    ...unread.map(line('error', 'rules cannot be read; what was read before stays')),
    ...exposedFiles(exposed).map(line('warn', 'rule files could have been written by others')),
    ...packFaults.map(line('error', 'rule pack refused')),
    ...warningsOf(set).map(line('warn', 'rule warning')),
    ...tuning.ended.map(fieldsOf).map(line('warn', 'a rule change or exception has ended')),
    ...soon.map(line('warn', 'a rule change or exception ends soon')),
  ];
}

function fieldsOf({ place, about, reason, until }: Ending): object {
  return { place, about, reason, until: new Date(until).toISOString() };
}

/** A whole checkout may be exposed. */
function exposedFiles([first, ...others]: readonly string[]): readonly object[] {
  return first === undefined ? [] : [{ path: first, others: others.length }];
}
