import {
  acceptedGuards,
  type ConfigText,
  type DiscoveredServer,
  editEntry,
  entryAt,
  type GuardAcceptance,
  type GuardOptions,
  guardEntry,
  type HostUser,
  readGuardedEntry,
  type ValuePath,
  type WrittenEntry,
} from '../../inventory/index.ts';
import { CodedError } from '../../wire/index.ts';
import { type BackupManifest, Backups } from './backups.ts';
import { type ConfigFile, readConfig, replaceConfig } from './config-file.ts';
import { type Unfit, unfit, unfitEntry, unfitFile } from './fitness.ts';
import { withoutGuard } from './restored-entry.ts';

export interface RewriteRequest {
  readonly verb: BackupManifest['verb'];
  /** Servers to put the guard in front of, or to take it away from. */
  readonly servers: readonly DiscoveredServer[];
  /** Every server that was found: what tells the entries from one another depends on all. */
  readonly all: readonly DiscoveredServer[];
  /** Absolute path of the guard that is written into configs. */
  readonly guard: string;
  /** Every path that is taken for it. */
  readonly guards: readonly string[];
  /** Absolute; backups lie below it, and guards are told of it where they would not find it themselves. */
  readonly stateDir: string;
  /** Whether guards of this user go by that state directory unless told. */
  readonly findsStateDir: (user: HostUser) => boolean;
  readonly now: Date;
  /** Edits nothing on disk. */
  readonly isDry: boolean;
}

/** What became of one entry. */
export type EntryOutcome =
  | { readonly kind: 'changed' | 'settled' }
  /** `left` is what starts nothing as it is. */
  | {
      readonly kind: 'refused' | 'left';
      readonly code: string;
      readonly reason: string;
      readonly hint: string | null;
    };

/** What became of one config file. */
export interface FileOutcome {
  readonly path: string;
  readonly before: Buffer;
  readonly after: Buffer;
  /** Where the former text is kept; null in a dry run. */
  readonly backup: string | null;
}

export interface RewriteOutcome {
  readonly entries: readonly { readonly found: DiscoveredServer; readonly outcome: EntryOutcome }[];
  readonly files: readonly FileOutcome[];
}

interface Target {
  readonly found: DiscoveredServer;
  readonly written: WrittenEntry;
}

const CHANGED: EntryOutcome = { kind: 'changed' };
const SETTLED: EntryOutcome = { kind: 'settled' };

/**
 * Puts the guard in front of servers in their configs, or takes it away, file by file: each file is edited in memory,
 * kept as a backup, and replaced at once. What cannot be done is told of each entry and stops no other.
 */
export function rewriteConfigs(request: RewriteRequest): RewriteOutcome {
  return new Rewriting(request).run();
}

interface Replacement {
  readonly path: string;
  readonly file: ConfigFile;
  readonly after: Buffer;
  readonly changed: readonly DiscoveredServer[];
}

class Rewriting {
  readonly #request: RewriteRequest;
  readonly #accepted: GuardAcceptance;
  readonly #backups: Backups;
  readonly #outcomes = new Map<DiscoveredServer, EntryOutcome>();
  readonly #files: FileOutcome[] = [];

  constructor(request: RewriteRequest) {
    this.#request = request;
    this.#accepted = acceptedGuards(request.guards, request.stateDir);
    this.#backups = new Backups(request.stateDir);
  }

  run(): RewriteOutcome {
    const { servers } = this.#request;
    for (const [realPath, targets] of this.#targets()) this.#file(realPath, targets);
    const entries = servers.map((found) => ({ found, outcome: this.#outcomes.get(found) ?? SETTLED }));
    return { entries, files: this.#files };
  }

  /** What is to be edited, by file. */
  #targets(): ReadonlyMap<string, readonly Target[]> {
    const isWrap = this.#request.verb === 'wrap';
    const byFile = new Map<string, Target[]>();
    for (const found of this.#request.servers) {
      const { written, guard } = found;
      if (isWrap && guard !== null) continue;
      const reason = written === null ? unfit('it stands in no config', null) : unfitFile(written);
      if (written !== null && reason === null)
        byFile.set(written.realPath, [...(byFile.get(written.realPath) ?? []), { found, written }]);
      else if (reason !== null && isWrap) this.#outcomes.set(found, refusal(reason));
    }
    return byFile;
  }

  #file(realPath: string, targets: readonly Target[]): void {
    const changed: DiscoveredServer[] = [];
    try {
      const file = readConfig(realPath);
      const path = targets[0]?.found.server.config_path ?? realPath;
      const former = this.#request.verb === 'unwrap' ? this.#backups.of(path) : [];
      let after = file.bytes;
      for (const twins of byEntry(targets)) {
        const edited = this.#entry(twins, after, former);
        if (edited === null) continue;
        after = edited;
        changed.push(...twins.map(({ found }) => found));
      }
      if (changed.length > 0) this.#replace(realPath, { path, file, after, changed });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const touched = changed.length > 0 ? changed : targets.map(({ found }) => found);
      for (const found of touched) this.#outcomes.set(found, failure(error));
    }
  }

  /** The file with one more entry edited; null where that is not to be, of which the outcome tells. */
  #entry(twins: readonly Target[], bytes: Buffer, former: readonly Buffer[]): Buffer | null {
    const [target] = twins;
    if (target === undefined) return null;
    const edited = this.#edited(target, bytes, former);
    const isEdited = Buffer.isBuffer(edited);
    const outcome = isEdited ? CHANGED : (edited ?? SETTLED);
    for (const { found } of twins) this.#outcomes.set(found, outcome);
    return isEdited ? edited : null;
  }

  #edited(
    { found, written }: Target,
    bytes: Buffer,
    former: readonly Buffer[],
  ): Buffer | EntryOutcome | null {
    const config = { bytes, format: written.location.format, encodings: written.encodings };
    try {
      return this.#request.verb === 'wrap'
        ? this.#wrapped(found, config, written.keys)
        : this.#unwrapped(config, written.keys, former);
    } catch (error) {
      if (error instanceof CodedError) return failure(error);
      throw error;
    }
  }

  #wrapped(found: DiscoveredServer, config: ConfigText, keys: ValuePath): Buffer | EntryOutcome {
    const raw = entryAt(config, keys);
    if (raw === null) return refusal(unfit('it is not in the file any more', null));
    const reason = unfitEntry(found, raw, this.#accepted);
    if (reason !== null) return refusal(reason);
    const guarded = guardEntry(raw, this.#request.guard, this.#optionsFor(found));
    if (guarded !== null) return editEntry(config, keys, guarded);
    return refusal(unfit('it names neither a command nor a url that the guard could take', null));
  }

  #unwrapped(config: ConfigText, keys: ValuePath, former: readonly Buffer[]): Buffer | null {
    const raw = entryAt(config, keys);
    const guarded = raw === null ? null : readGuardedEntry(raw);
    if (guarded === null || !this.#accepted.isGuard(guarded.guard)) return null;
    return withoutGuard(config, keys, guarded, former);
  }

  #optionsFor({ server, written }: DiscoveredServer): GuardOptions {
    const { all, stateDir, findsStateDir } = this.#request;
    const { client, name, config_path: config, user } = server;
    const isSame = (other: DiscoveredServer) =>
      other.server.client === client &&
      other.server.name === name &&
      other.server.user === user &&
      other.server.config_path !== config;
    const isFound = written !== null && findsStateDir(written.user);
    return { client, name, config: all.some(isSame) ? config : null, stateDir: isFound ? null : stateDir };
  }

  #replace(realPath: string, { path, file, after, changed }: Replacement): void {
    const { isDry, now, verb } = this.#request;
    const outcome = { path, before: file.bytes, after };
    if (isDry) {
      this.#files.push({ ...outcome, backup: null });
      return;
    }
    const servers = changed.map(({ server: { id, client, name } }) => ({ id, client, name }));
    const backup = this.#backups.keep(file.bytes, { path, time: now.toISOString(), verb, servers });
    replaceConfig(realPath, file, after);
    this.#files.push({ ...outcome, backup });
  }
}

/** Several clients may read one entry: it is edited once, for all of them. */
function byEntry(targets: readonly Target[]): readonly (readonly Target[])[] {
  return [...Map.groupBy(targets, ({ written }) => JSON.stringify(written.keys)).values()];
}

function refusal({ reason, hint, isIdle }: Unfit): EntryOutcome {
  return { kind: isIdle ? 'left' : 'refused', code: 'GUARD_ENTRY_UNFIT', reason, hint };
}

function failure({ code, message, hint }: CodedError<string>): EntryOutcome {
  return { kind: 'refused', code, reason: message, hint: hint ?? null };
}
