import type { Client } from '../clients/client.ts';
import type { FoundEntry } from './containers.ts';
import { readEntry } from './entry.ts';
import { commandPlace, readGuardedEntry } from './guarded-entry.ts';
import { type ConfigObject, isObject, valueAt } from './value.ts';

/** What is taken for the guard, and for words that it may be given. */
export interface GuardAcceptance {
  /** Whether a command is the guard of this installation. */
  isGuard(command: string): boolean;
  /** Whether the guard decides there by the approvals that count here. */
  isStateDir(directory: string): boolean;
}

/** How a client starts the guard. */
export interface GuardStart {
  readonly command: string;
  readonly args: readonly string[];
}

/** An entry of a config, seen through the guard where that stands in front of it. */
export interface SeenEntry extends FoundEntry {
  /** Null where the client starts the server itself. */
  readonly guard: GuardStart | null;
}

/** The place of an entry, which the guard's words must name. */
export interface EntryName {
  /** Ids of the clients that read the config: the guard stands in front of an entry for all of them. */
  readonly clients: ReadonlySet<string>;
  readonly name: string;
  /** Path of the config. */
  readonly path: string;
}

/**
 * The entry behind the guard. Only what `sealwatch wrap` writes is seen through, once: anything else, be it a guard of
 * another path, with another option, under another name or behind a guard, is an entry that starts what it says.
 */
export function seenThrough(
  found: FoundEntry,
  client: Client | null,
  place: EntryName,
  accepted: GuardAcceptance,
): SeenEntry {
  const guarded = isObject(found.raw) ? readGuardedEntry(found.raw) : null;
  if (guarded === null) return { ...found, guard: null };
  const { guard, args, options, raw } = guarded;
  const isMeant =
    place.clients.has(options.client) &&
    options.name === place.name &&
    (options.config === null || options.config === place.path) &&
    (options.stateDir === null || accepted.isStateDir(options.stateDir));
  if (!isMeant || !accepted.isGuard(guard) || startsGuard(raw, accepted)) return { ...found, guard: null };
  const { entry } = readEntry(found.entry.name, raw, client, () => null);
  return { ...found, entry, raw, guard: { command: guard, args } };
}

function startsGuard(raw: ConfigObject, accepted: GuardAcceptance): boolean {
  const place = commandPlace(raw);
  const word = place === null ? undefined : valueAt(raw, place.command);
  const command = Array.isArray(word) ? word[0] : word;
  return typeof command === 'string' && accepted.isGuard(command);
}
