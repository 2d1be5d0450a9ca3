import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { ServerIdentity } from '../statement/statement.ts';
import { writeDurably } from './durable-file.ts';
import { asOwnerOf } from './ownership.ts';

const CLOCK = 'clock';
const CLOCK_BYTES = 64;

/** Which decisions follow each other: those about one server, in one profile, host group and for one user. */
export interface MarkSubject {
  readonly server: ServerIdentity;
  readonly profile: Profile;
  readonly group: string | null;
  readonly user: string;
}

/**
 * What this host has seen and will not go back behind: the highest serial of each decision line and the latest
 * time. Each serial is an empty file, so that writers at the same time need no lock and none can lower it.
 */
export class Marks {
  readonly #directory: string;
  #serials: Map<string, number> | null = null;

  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'marks');
  }

  /** Forgets what was read, so that what another process wrote is seen. */
  refresh(): void {
    this.#serials = null;
  }

  /** Highest serial that counted for this subject; 0 where none did. */
  highest(subject: MarkSubject): number {
    return this.#load().get(keyOf(subject)) ?? 0;
  }

  /** Highest serial that counted for this server in any profile, host group and for any user; 0 where none did. */
  highestOf(server: ServerIdentity): number {
    const prefix = `${serverKey(server)}-`;
    const lines = [...this.#load()].filter(([key]) => key.startsWith(prefix));
    return Math.max(0, ...lines.map(([, serial]) => serial));
  }

  /** Notes that a serial counted. False where it cannot be kept; a lower one changes nothing. */
  record(subject: MarkSubject, serial: number): boolean {
    return this.#raise(keyOf(subject), serial);
  }

  /** Highest version of the bundle that was ever installed here; 0 where none was. */
  get bundleVersion(): number {
    return this.#load().get('bundle') ?? 0;
  }

  recordBundle(version: number): boolean {
    return this.#raise('bundle', version);
  }

  /** Highest version of the fleet's policy that was ever installed here; 0 where none was. */
  get policyVersion(): number {
    return this.#load().get('policy') ?? 0;
  }

  recordPolicy(version: number): boolean {
    return this.#raise('policy', version);
  }

  /** The latest time seen, in milliseconds since the epoch; null where it was never kept. */
  get latestSeen(): number | null {
    try {
      const path = join(this.#directory, CLOCK);
      if (statSync(path).size > CLOCK_BYTES) return null;
      const time = Date.parse(readFileSync(path, 'utf8').trim());
      return Number.isNaN(time) ? null : time;
    } catch {
      return null;
    }
  }

  /** Notes the time; an earlier one than is known changes nothing. False where it cannot be kept. */
  recordTime(now: Date): boolean {
    if ((this.latestSeen ?? 0) >= now.getTime()) return true;
    try {
      writeDurably(join(this.#directory, CLOCK), `${now.toISOString()}\n`, 0o600);
      return true;
    } catch {
      return false;
    }
  }

  #raise(key: string, serial: number): boolean {
    const serials = this.#load();
    const before = serials.get(key) ?? 0;
    if (before >= serial) return true;
    try {
      asOwnerOf(this.#directory, () => {
        mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
        writeFileSync(join(this.#directory, `${key}.${serial}`), '', { mode: 0o600 });
        if (before > 0) rmSync(join(this.#directory, `${key}.${before}`), { force: true });
      });
    } catch {
      return false;
    }
    serials.set(key, serial);
    return true;
  }

  #load(): Map<string, number> {
    if (this.#serials !== null) return this.#serials;
    const serials = new Map<string, number>();
    for (const name of namesIn(this.#directory)) {
      const [key = '', serial = ''] = name.split('.');
      if (!/^[1-9]\d{0,15}$/.test(serial)) continue;
      serials.set(key, Math.max(serials.get(key) ?? 0, Number(serial)));
    }
    this.#serials = serials;
    return serials;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function keyOf({ server, profile, group, user }: MarkSubject): string {
  return `${serverKey(server)}-${shortHash([profile, group, user])}`;
}

function serverKey({ client, scope, config, name, project = null }: ServerIdentity): string {
  return shortHash([client, scope, config, name, project]);
}

function shortHash(parts: readonly (string | null)[]): string {
  return sha256Hex(JSON.stringify(parts)).slice(0, 32);
}
