import type { SpawnSyncOptions } from 'node:child_process';
import { TempDirectory } from '../../temp-directory.ts';
import { type Answer, runBuilt } from '../built.ts';

/** A directory with rules and events, and `sealwatch rules` in it. */
export class RuleDesk extends TempDirectory {
  run(args: readonly string[], options: SpawnSyncOptions = {}): Answer {
    return runBuilt(['rules', ...args], { cwd: this.path, ...options });
  }

  /** A rule file with a rule that wants `detection`, as flow YAML. */
  rule(name: string, detection = SHELLS, more: string[] = []): string {
    return this.write(`rules/${name}.yml`, ruleOf(name, detection, more));
  }

  /** A file with MANY and its BASE. */
  correlation(): string {
    return this.write('rules/many.yml', `${MANY}---\n${BASE}`);
  }

  lines(path: string, ...events: readonly (object | string)[]): string {
    const texts = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
    return this.write(path, texts.map((text) => `${text}\n`).join(''));
  }
}

const SHELLS = '{s: {Image|endswith: /sh}, condition: s}';

export function ruleOf(name: string, detection = SHELLS, more: readonly string[] = []): string {
  const head = [`title: Title of ${name}`, `name: ${name}`, 'author: Ana', 'level: high'];
  return [...head, `detection: ${detection}`, ...more, ''].join('\n');
}

/** A correlation that fires at two events of `base` within ten seconds, each user for themselves. */
export const MANY = `title: Many shells
name: many
author: Ben
level: medium
correlation:
  type: event_count
  rules: [base]
  group-by: [User]
  timespan: 10s
  condition: {gte: 2}
`;
export const BASE = `title: One shell
name: base
author: Ana
level: low
detection: ${SHELLS}
`;

/** An event of a shell, so many seconds after midnight. */
export function shell(seconds: number, more: object = {}): object {
  const time = new Date(Date.UTC(2026, 10, 28) + seconds * 1000).toISOString();
  return { '@timestamp': time, Image: '/bin/sh', User: 'u', ...more };
}
