import { randomUUID } from 'node:crypto';
import type { AgentLog } from '../../../agent/log.ts';
import { DEFAULT_RULE_SETTINGS, type RuleSettings } from '../../../agent/rules/settings.ts';
import { trustKey } from '../../../approval/keys/key-choice.ts';
import { createKey, type KeyFile } from '../../../approval/keys/key-files.ts';
import { loadTrust } from '../../../approval/keys/trust-roots.ts';
import { composeRulePack } from '../../../approval/store/rule-pack.ts';

/** A rule that matches where `F` is the given value. */
export function rule(name: string, value: string, more = ''): string {
  return `title: ${name}\nname: ${name}\nid: ${idOf(name)}\n${more}detection:\n  s:\n    F: ${value}\n  condition: s\n`;
}

const ids = new Map<string, string>();

/** The same name has the same id. */
export function idOf(name: string): string {
  const id = ids.get(name) ?? randomUUID();
  ids.set(name, id);
  return id;
}

export function settings(more: Partial<RuleSettings> = {}): RuleSettings {
  return { ...DEFAULT_RULE_SETTINGS, ...more };
}

/** A state directory's key, whose signatures count there. */
export function trustedKey(stateDir: string, name = 'approver'): KeyFile {
  const key = createKey(stateDir, name);
  trustKey({ stateDir, systemDirectory: null }, key);
  return key;
}

export function trustOf(stateDir: string) {
  return loadTrust({ stateDir, systemDirectory: null, profile: 'developer' });
}

/** Text of a signed pack. */
export async function signedPack(
  key: KeyFile,
  version: number,
  files: Readonly<Record<string, string>>,
  name = 'fleet',
): Promise<string> {
  const listed = Object.entries(files).map(([path, text]) => ({ path, text }));
  const created = new Date('2026-11-28T00:00:00.000Z');
  return JSON.stringify(await composeRulePack(listed, { name, version, created }, key.signer));
}

/** A log that remembers what was said. */
export class SpokenLog implements AgentLog {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: string }[] = [];

  debug(message: string, fields: object = {}): void {
    this.#say('debug', message, fields);
  }
  info(message: string, fields: object = {}): void {
    this.#say('info', message, fields);
  }
  warn(message: string, fields: object = {}): void {
    this.#say('warn', message, fields);
  }
  error(message: string, fields: object = {}): void {
    this.#say('error', message, fields);
  }

  /** How often something was said with this in its message or fields. */
  count(words: string): number {
    return this.lines.filter(({ message, fields }) => `${message} ${fields}`.includes(words)).length;
  }

  #say(level: string, message: string, fields: object): void {
    this.lines.push({ level, message, fields: JSON.stringify(fields) });
  }
}
