import { basename } from 'node:path';
import { matchLauncher, readDockerRun } from '../../inventory/index.ts';

/** Words of a command line that are read for options of the engine's client. */
const MAX_WORDS = 4_096;
/** Clients that ask a daemon for their container: what runs in it is no child of theirs. */
const ASKS_A_DAEMON: ReadonlySet<string> = new Set(['docker', 'nerdctl']);
const HOST_FLAG = /^(?:-H|--host)$/;
const WITH_NAME: ReadonlySet<string> = new Set(['start', 'attach']);
/** Verbs whose containers nobody here can tell from others, by what they are. */
const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  exec: 'it runs in a container that was there before',
  compose: 'compose makes its container',
  mcp: 'the gateway makes containers of its own',
};

/** The container that the client of an engine asked for. */
export interface WantedContainer {
  readonly kind: 'run';
  /** As it was given. */
  readonly image: string;
  /** The command in the container; empty for the image's own. */
  readonly words: readonly string[];
  readonly entrypoint: string | null;
  readonly name: string | null;
  readonly idFile: string | null;
  readonly labels: ReadonlyMap<string, string>;
  readonly interactive: boolean;
}

/** A container that was there before, by name or by (the beginning of) its id. */
export interface NamedContainer {
  readonly kind: 'named';
  readonly name: string;
}

export interface UnfollowedCall {
  readonly kind: 'unfollowed';
  readonly reason: string;
}

/** What a client of a container engine was called for. */
export interface EngineCall {
  readonly container: WantedContainer | NamedContainer | UnfollowedCall;
  /** Where `-H` says that the engine listens; null where it was not given. */
  readonly host: string | null;
}

/**
 * Reads the command line of a client whose container a daemon runs; null for everything else, also for podman and
 * runc, whose containers are their own descendants, and for verbs that run nothing.
 */
export function readEngineCall(exe: string, argv: readonly string[]): EngineCall | null {
  if (argv.length > MAX_WORDS) return null;
  const names = [exe, argv[0] ?? ''].map((path) => basename(path));
  if (names.includes('docker-compose')) return { container: unfollowed('compose'), host: null };
  const client = names.find((name) => ASKS_A_DAEMON.has(name));
  if (client === undefined) return null;
  const { before, name, rest } = matchLauncher(client, argv.slice(1));
  const host = hostOf(before);
  if (name.endsWith(' run')) return { container: wanted(rest), host };
  const words = rest.filter((word) => !word.startsWith('-'));
  const [verb = '', subject] = words[0] === 'container' ? words.slice(1) : words;
  if (WITH_NAME.has(verb) && subject !== undefined)
    return { container: { kind: 'named', name: subject }, host };
  return Object.hasOwn(NOT_FOLLOWED, verb) ? { container: unfollowed(verb), host } : null;
}

function unfollowed(verb: string): UnfollowedCall {
  return { kind: 'unfollowed', reason: NOT_FOLLOWED[verb] ?? '' };
}

function hostOf(words: readonly string[]): string | null {
  const at = words.findIndex((word) => HOST_FLAG.test(word));
  if (at >= 0) return words[at + 1] ?? null;
  return words.find((word) => word.startsWith('--host='))?.slice('--host='.length) ?? null;
}

function wanted(args: readonly string[]): WantedContainer | UnfollowedCall {
  const { image, words, entrypoint, name, idFile, labels, interactive } = readDockerRun(args);
  if (image === null) return { kind: 'unfollowed', reason: 'its command line names no image' };
  const pairs = labels.map((label): [string, string] => {
    const equals = label.indexOf('=');
    return equals < 0 ? [label, ''] : [label.slice(0, equals), label.slice(equals + 1)];
  });
  return { kind: 'run', image, words, entrypoint, name, idFile, labels: new Map(pairs), interactive };
}
