import * as z from 'zod';
import { type EntryPlace, findClient, readEntry } from '../inventory/index.ts';

/** Characters of what is said of a remote server. */
const MAX_REMOTE_LENGTH = 64 * 1024;

/** What a client asked the guard to start, and where it said that it stands. */
export interface GuardRequest {
  /** Id of the client; null where it was not said. */
  readonly client: string | null;
  /** Name of the entry; null where it was not said. */
  readonly name: string | null;
  /** The config that holds the entry; null where it was not said. */
  readonly config: string | null;
  /** Empty where the server is a remote one. */
  readonly command: string;
  readonly args: readonly string[];
  /** Null where the server is a program. */
  readonly remote: RemoteTarget | null;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A server that is connected to. */
export interface RemoteTarget {
  readonly url: string;
  readonly transport: 'http' | 'sse';
}

const membersSchema = z.record(z.string(), z.string());

/**
 * Reads the members of an entry that say where to connect and how, as JSON, in the spelling of its client; null where
 * they do not.
 */
export function readRemoteTarget(text: string, client: string | null): RemoteTarget | null {
  if (text.length > MAX_REMOTE_LENGTH) return null;
  const members = membersSchema.safeParse(parsed(text));
  if (!members.success) return null;
  const known = client === null ? null : findClient(client);
  const { entry } = readEntry('', members.data, known, () => null);
  const { command, url, transport } = entry;
  if (command !== null || url === null || (transport !== 'http' && transport !== 'sse')) return null;
  return { url, transport };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A word in whose place clients put something else: a variable, the home, an input. */
const VARIABLE = /^~|\$\{|\$[A-Za-z_]|%[A-Za-z_]+%|\{env:/;

/** The same in a url, where a tilde and a percent sign are nothing special. */
const URL_VARIABLE = /\$\{|\{env:|\{\{/;
/** A url as far as its host is certain. */
const WITH_HOST = /^https?:\/\/[^/?#]+[/?#]/i;

/** Whether an entry is one that the request may be about, by what was said of it. */
export function isMeant(request: GuardRequest, { client, path, entry }: EntryPlace): boolean {
  const { client: wanted, name, config } = request;
  return (
    (wanted === null || wanted === client) &&
    (name === null || name === entry.name) &&
    (config === null || config === path)
  );
}

/** Whether an entry asks for the server of the request; what a client expands matches anything that fits. */
export function asksFor(entry: EntryPlace['entry'], request: GuardRequest): boolean {
  if (request.remote !== null) return connectsTo(entry, request.remote);
  if (entry.command === null || entry.args.length !== request.args.length) return false;
  const asked = [entry.command, ...entry.args];
  const given = [request.command, ...request.args];
  return asked.every((word, index) => fits(word, given[index] ?? ''));
}

function connectsTo({ command, url, transport }: EntryPlace['entry'], remote: RemoteTarget): boolean {
  return command === null && url !== null && transport === remote.transport && fitsUrl(url, remote.url);
}

/** A host out of a variable could be any, and would be sent what is for the one that was approved. */
function fitsUrl(url: string, given: string): boolean {
  if (url === given) return true;
  const variable = url.search(URL_VARIABLE);
  const literal = variable < 0 ? '' : url.slice(0, variable);
  return WITH_HOST.test(literal) && given.startsWith(literal);
}

function fits(word: string, given: string): boolean {
  if (word === given) return true;
  const variable = word.search(VARIABLE);
  return variable >= 0 && given.startsWith(word.slice(0, variable));
}
