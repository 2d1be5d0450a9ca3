import { realpathSync, statSync } from 'node:fs';
import type { Control, ControlKind, Problem, Scope } from '../../wire/index.ts';
import type { ControlKey } from '../clients/client.ts';
import type { HashCache } from '../closure/files/hash-cache.ts';
import { hashFile } from '../closure/files/hash-file.ts';
import { hashTree } from '../closure/files/package-tree.ts';
import { canonicalJson, sha256Hex } from '../closure/jcs.ts';
import { type ConfigValue, isList, isObject } from '../config/value.ts';
import { problemOf, systemCode } from '../errors.ts';
import { MAX_CONTROL_VALUE_LENGTH, MAX_CONTROLS } from '../limits.ts';
import { storableEntry } from '../posture/redact.ts';
import { redactShapes } from '../posture/secret.ts';
import { valuesAtPath } from './key-path.ts';

/** Where controls were found, and whose they are. */
export interface ControlSource {
  readonly client: string;
  readonly scope: Scope;
  readonly userName: string;
  readonly project: string | null;
  readonly path: string;
}

/** Characters of a value that are searched for secrets, to show some of them. */
const SEARCHED_LENGTH = 4 * MAX_CONTROL_VALUE_LENGTH;

/** What became of a file: its real path is to be watched. */
export interface HashedControl {
  readonly problem: Problem | null;
  readonly watched: { readonly path: string; readonly isTree: boolean } | null;
}

/**
 * The controls of one scan. A digest changes with everything but tokens of a known shape, so that nothing
 * can hide behind a secret on the same line; a value is what may be stored and shown.
 */
export class ControlSet {
  readonly #controls = new Map<string, Control>();
  #dropped = 0;

  get all(): readonly Control[] {
    return [...this.#controls.values()];
  }

  /** Says once that there are more controls than MAX_CONTROLS. */
  get problems(): readonly Problem[] {
    if (this.#dropped === 0) return [];
    const message = `${this.#dropped + MAX_CONTROLS} controls; the first ${MAX_CONTROLS} are listed`;
    return [problemOf('', { code: 'INVENTORY_TOO_MANY_CONTROLS', message, at: null })];
  }

  /** The settings of a document that are controls; those that are not there are none. */
  addSettings(root: ConfigValue, keys: readonly ControlKey[], source: ControlSource): void {
    for (const { kind, path } of keys) {
      for (const { keys: found, value } of valuesAtPath(root, path)) {
        const shown = canonicalJson(storableEntry(beginningOf(value), found.at(-1) ?? ''));
        this.#add(source, kind, {
          key: found.join('.'),
          sha256: sha256Hex(canonicalJson(withoutTokens(value))),
          value: shown.slice(0, MAX_CONTROL_VALUE_LENGTH),
        });
      }
    }
  }

  /** A file or a whole directory that is a control; a problem where it cannot be hashed. */
  addFile(kind: ControlKind, source: ControlSource, cache: HashCache): HashedControl {
    let watched: HashedControl['watched'] = null;
    try {
      const path = realpathSync.native(source.path);
      const isTree = statSync(path).isDirectory();
      watched = { path, isTree };
      const hashed = isTree ? hashTree(path, cache) : hashFile(path, cache);
      if ('reason' in hashed) return { problem: unhashed(source.path, hashed.reason), watched };
      this.#add(source, kind, { key: '', sha256: hashed.sha256, value: null });
      return { problem: null, watched };
    } catch (error) {
      return {
        problem: unhashed(source.path, `cannot be read: ${systemCode(error) || 'unknown error'}`),
        watched,
      };
    }
  }

  #add(source: ControlSource, kind: ControlKind, control: Pick<Control, 'key' | 'sha256' | 'value'>): void {
    const { client, scope, userName, project, path } = source;
    const id = [client, kind, userName, project ?? '', path, control.key].join('\0');
    if (this.#controls.has(id)) return;
    if (this.#controls.size >= MAX_CONTROLS) {
      this.#dropped += 1;
      return;
    }
    this.#controls.set(id, { client, kind, scope, user: userName, project, path, ...control });
  }
}

function withoutTokens(value: ConfigValue): ConfigValue {
  if (typeof value === 'string') return redactShapes(value);
  if (isList(value)) return value.map(withoutTokens);
  if (!isObject(value)) return value;
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, child] of Object.entries(value)) copy[key] = withoutTokens(child);
  return copy;
}

/** As much of a value as can be shown: finding the secrets of all of a huge one would take seconds. */
function beginningOf(value: ConfigValue, budget = { left: SEARCHED_LENGTH }): ConfigValue {
  if (budget.left <= 0) return null;
  budget.left -= 1;
  if (typeof value === 'string') {
    const whole = value.length <= budget.left;
    // The last word may be the beginning of a secret that is no longer known as one.
    const text = whole ? value : `${value.slice(0, budget.left).replace(/\S+$/, '')}…`;
    budget.left -= value.length;
    return text;
  }
  if (isList(value)) return value.slice(0, budget.left).map((item) => beginningOf(item, budget));
  if (!isObject(value)) return value;
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const key of Object.keys(value).sort()) {
    if (budget.left <= 0) break;
    budget.left -= key.length;
    copy[key] = beginningOf(value[key] ?? null, budget);
  }
  return copy;
}

function unhashed(path: string, reason: string): Problem {
  return problemOf(path, { code: 'INVENTORY_CONTROL_UNREADABLE', message: reason, at: null });
}
