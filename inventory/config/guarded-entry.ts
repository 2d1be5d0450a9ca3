import { canonicalJson } from '../closure/jcs.ts';
import { COMMAND_KEYS, TRANSPORT_KEYS, URL_KEYS } from './entry.ts';
import { type ConfigObject, type ConfigValue, isList, isObject, valueAt, withValueAt } from './value.ts';

/** What the guard is told of the entry that it stands in front of. */
export interface GuardOptions {
  readonly client: string;
  readonly name: string;
  /** Path of the config, only where client and name do not tell the entry from others. */
  readonly config: string | null;
  /** State directory, only where it is not the user's own by default. */
  readonly stateDir: string | null;
}

/** An entry as `sealwatch wrap` writes it, taken apart. */
export interface GuardedEntry {
  /** The command that the entry starts, whoever's it is. */
  readonly guard: string;
  /** Words that the guard is started with. */
  readonly args: readonly string[];
  readonly options: GuardOptions;
  /** The entry behind the guard. */
  readonly raw: ConfigObject;
}

/** Where an entry says what to start. */
export interface CommandPlace {
  /** Of the command; of the list where one list holds command and arguments. */
  readonly command: readonly string[];
  /** Of the list of arguments, which may be absent. */
  readonly list: readonly string[];
  /** Both are one list. */
  readonly isOneList: boolean;
}

/** What of an entry had to make room for the guard's command. */
export interface RemotePlace {
  readonly urlKey: string;
  readonly url: string;
  /** Keys that say by which transport. */
  readonly transportKeys: readonly string[];
  /** The members themselves. */
  readonly members: ConfigObject;
  /** How an entry of this client names a program instead. */
  readonly commandKey: string;
  readonly isList: boolean;
  readonly transport: string;
}

const VERB = 'guard';
const END = '--';
const REMOTE = '--remote';
const NO_ARGS = '--no-args';

/** Where a local entry says what to start; null for what no client would start. */
export function commandPlace(raw: ConfigObject): CommandPlace | null {
  const key = COMMAND_KEYS.find((candidate) => Object.hasOwn(raw, candidate));
  const value = key === undefined ? undefined : raw[key];
  if (key === undefined) return null;
  if (typeof value === 'string') return { command: [key], list: ['args'], isOneList: false };
  if (isList(value))
    return typeof value[0] === 'string' ? { command: [key], list: [key], isOneList: true } : null;
  if (!isObject(value) || typeof value['path'] !== 'string') return null;
  const isOutside = !Object.hasOwn(value, 'args') && Object.hasOwn(raw, 'args');
  return { command: [key, 'path'], list: isOutside ? ['args'] : [key, 'args'], isOneList: false };
}

/** Where a remote entry says what to connect to; null where it does not do so by one url and nothing else. */
export function remotePlace(raw: ConfigObject): RemotePlace | null {
  if ([...COMMAND_KEYS, 'args'].some((key) => Object.hasOwn(raw, key))) return null;
  const [urlKey, ...others] = URL_KEYS.filter((key) => Object.hasOwn(raw, key));
  const url = urlKey === undefined ? undefined : raw[urlKey];
  if (urlKey === undefined || others.length > 0 || typeof url !== 'string') return null;
  const transportKeys = TRANSPORT_KEYS.filter((key) => Object.hasOwn(raw, key));
  const transports = transportKeys.map((key) => raw[key]);
  if (transports.some((transport) => typeof transport !== 'string')) return null;
  const members: Record<string, ConfigValue> = Object.create(null);
  for (const key of [urlKey, ...transportKeys]) members[key] = raw[key] ?? null;
  // opencode and what grew from it say `remote` and `local`, the latter with one list; Goose says `uri` and `cmd`.
  const isLocalList = transports.includes('remote');
  return {
    urlKey,
    url,
    transportKeys,
    members,
    commandKey: urlKey === 'uri' ? 'cmd' : 'command',
    isList: isLocalList,
    transport: isLocalList ? 'local' : 'stdio',
  };
}

/** The words between the guard's own path and the command that it starts. */
export function localWords(options: GuardOptions, hasArgs: boolean): readonly string[] {
  return [...optionWords(options), ...(hasArgs ? [] : [NO_ARGS]), END];
}

/** The words behind the guard's own path where it stands in front of a remote server. */
export function remoteWords(options: GuardOptions, members: ConfigObject): readonly string[] {
  return [...optionWords(options), REMOTE, canonicalJson(members)];
}

function optionWords({ client, name, config, stateDir }: GuardOptions): readonly string[] {
  const optional = [
    ['--config', config],
    ['--state-dir', stateDir],
  ] as const;
  const given = optional.flatMap(([option, value]) => (value === null ? [] : [option, value]));
  return [VERB, '--client', client, '--name', name, ...given];
}

/** The entry with the guard in front; null where it has no form in which the guard could stand. */
export function guardEntry(raw: ConfigObject, guard: string, options: GuardOptions): ConfigObject | null {
  const place = commandPlace(raw);
  const guarded = place === null ? guardRemote(raw, guard, options) : guardLocal(raw, place, guard, options);
  return isObject(guarded) ? guarded : null;
}

function guardLocal(
  raw: ConfigObject,
  { command, list, isOneList }: CommandPlace,
  guard: string,
  options: GuardOptions,
): ConfigValue {
  const args = valueAt(raw, list);
  if (args !== undefined && !isList(args)) return null;
  const words = localWords(options, args !== undefined);
  if (isOneList) return withValueAt(raw, list, [guard, ...words, ...(args ?? [])]);
  const all = [...words, valueAt(raw, command) ?? null, ...(args ?? [])];
  return withValueAt(withValueAt(raw, command, guard), list, all);
}

function guardRemote(raw: ConfigObject, guard: string, options: GuardOptions): ConfigValue {
  const remote = remotePlace(raw);
  if (remote === null) return null;
  const words = remoteWords(options, remote.members);
  let guarded = withValueAt(raw, [remote.urlKey], undefined);
  for (const key of remote.transportKeys) guarded = withValueAt(guarded, [key], remote.transport);
  if (remote.isList) return withValueAt(guarded, [remote.commandKey], [guard, ...words]);
  return withValueAt(withValueAt(guarded, [remote.commandKey], guard), ['args'], words);
}

/**
 * Takes an entry apart that has the guard in front, in exactly the form in which `guardEntry` puts it there; null for
 * any other. Whether the command is the guard and the options are right is for the caller to judge.
 */
export function readGuardedEntry(raw: ConfigObject): GuardedEntry | null {
  const place = commandPlace(raw);
  const list = place === null ? undefined : valueAt(raw, place.list);
  if (place === null || !isList(list)) return null;
  const [guard, words] = place.isOneList ? [list[0], list.slice(1)] : [valueAt(raw, place.command), list];
  const read = readWords(words);
  if (typeof guard !== 'string' || read === null) return null;
  const { options, end } = read;
  const behind =
    words[end] === REMOTE
      ? remoteBehind(raw, place, words[end + 1])
      : localBehind(raw, place, { isBare: read.isBare, rest: words.slice(end + 1) });
  const again = isObject(behind) ? guardEntry(behind, guard, options) : null;
  // What is put together from it anew must be what stands there, so no other spelling passes.
  if (!isObject(behind) || again === null || canonicalJson(again) !== canonicalJson(raw)) return null;
  return { guard, args: words.map((word) => textOf(word)), options, raw: behind };
}

function textOf(word: ConfigValue): string {
  return typeof word === 'string' ? word : JSON.stringify(word);
}

interface ReadWords {
  readonly options: GuardOptions;
  readonly isBare: boolean;
  /** Index of the word that ends the options. */
  readonly end: number;
}

function readWords(words: readonly ConfigValue[]): ReadWords | null {
  let at = 0;
  const taken = (option: string): string | null => {
    const value = words[at + 1];
    if (words[at] !== option || typeof value !== 'string') return null;
    at += 2;
    return value;
  };
  if (words[at++] !== VERB) return null;
  const client = taken('--client');
  const name = taken('--name');
  if (client === null || name === null) return null;
  const options = { client, name, config: taken('--config'), stateDir: taken('--state-dir') };
  const isBare = words[at] === NO_ARGS;
  if (isBare) at += 1;
  const isEnd = words[at] === END || (words[at] === REMOTE && !isBare && at + 2 === words.length);
  return isEnd ? { options, isBare, end: at } : null;
}

interface Behind {
  readonly isBare: boolean;
  readonly rest: readonly ConfigValue[];
}

function localBehind(
  raw: ConfigObject,
  { command, list, isOneList }: CommandPlace,
  { isBare, rest }: Behind,
): ConfigValue {
  if (isOneList) return withValueAt(raw, list, rest);
  const [word, ...args] = rest;
  if (typeof word !== 'string' || (isBare && args.length > 0)) return null;
  return withValueAt(withValueAt(raw, command, word), list, isBare ? undefined : args);
}

function remoteBehind(
  raw: ConfigObject,
  { command, list }: CommandPlace,
  text: ConfigValue | undefined,
): ConfigValue {
  const members = typeof text === 'string' ? membersOf(text) : null;
  if (members === null) return null;
  let behind: ConfigValue = withValueAt(withValueAt(raw, list, undefined), command, undefined);
  for (const [key, value] of Object.entries(members)) behind = withValueAt(behind, [key], value);
  return behind;
}

/** Members of the entry are texts; anything else was not written by `guardEntry`. */
function membersOf(text: string): Readonly<Record<string, string>> | null {
  let members: unknown;
  try {
    members = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof members !== 'object' || members === null || Array.isArray(members)) return null;
  const entries = Object.entries(members);
  return entries.every(([, value]) => typeof value === 'string') ? Object.fromEntries(entries) : null;
}
