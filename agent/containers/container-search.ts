import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Membership, ProcessEntry } from '../enrich/process-table.ts';
import type { Waiting } from './container-match.ts';
import type { EngineCall } from './engine-call.ts';
import { type Credentials, credentialsOf } from './engine-socket.ts';
import { holdPath } from './held-path.ts';

/** Milliseconds until an engine is asked for the first time; each further wait is twice as long. */
const FIRST_MS = 50;
const MAX_WAIT_MS = 1_000;
/** Milliseconds after which a container that was not found is told of. */
export const LOUD_MS = 15_000;
/** Milliseconds between questions from then on: an image that is fetched can take minutes. */
const SLOW_MS = 2_000;
/** Sockets of one client that are asked. */
const MAX_SOCKETS = 4;
const MAX_ENVIRON_BYTES = 256 * 1024;
/** An id, and a line end. */
const MAX_ID_FILE_BYTES = 66;

export interface SearchedClient {
  readonly entry: ProcessEntry;
  readonly membership: Membership;
  readonly call: EngineCall;
  /** Milliseconds since the epoch. */
  readonly began: number;
}

/** A client of an engine whose container is looked for. */
export class ContainerSearch {
  readonly client: SearchedClient;
  readonly #seenSockets = new Set<string>();
  readonly #environment: ReadonlyMap<string, string>;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = FIRST_MS;
  /** Who the client is, for its rights at the engine's socket. */
  readonly credentials: Credentials;
  /** Looks come one after another. */
  asking: Promise<void> = Promise.resolve();
  /** The exit code of the client that has ended; null while it runs. */
  ended: { readonly code: number | null } | null = null;

  constructor(client: SearchedClient, procRoot = '/proc') {
    this.client = client;
    const { pid, uid } = client.entry;
    this.credentials = credentialsOf(pid, procRoot) ?? { uid, groups: new Set() };
    this.#environment = environmentOf(`${procRoot}/${client.entry.pid}/environ`);
  }

  get key(): string {
    return `${this.client.entry.pid} ${this.client.entry.start}`;
  }

  /** A path that the client connected to. */
  connected(path: string): void {
    if (this.#seenSockets.size < MAX_SOCKETS) this.#seenSockets.add(path);
  }

  /** Sockets on which its engine may listen, the surest first; empty where it is told of another host. */
  sockets(): readonly string[] {
    const named = this.client.call.host ?? this.#environment.get('DOCKER_HOST') ?? null;
    const path = named === null || named === '' ? null : /^unix:\/\/(\/.*)$/.exec(named)?.[1];
    if (path === undefined) return [];
    const runtime = this.#environment.get('XDG_RUNTIME_DIR');
    const rest = ['/var/run/docker.sock', ...(runtime === undefined ? [] : [join(runtime, 'docker.sock')])];
    const all = path === null ? [...this.#seenSockets, ...rest] : [path];
    return [...new Set(all)].slice(0, MAX_SOCKETS);
  }

  /** The client as one that waits; null where it did not ask for a new container. */
  waiting(): Waiting | null {
    const { container } = this.client.call;
    if (container.kind !== 'run') return null;
    const { cwd } = this.client.entry;
    const idFile = container.idFile === null ? null : resolve(cwd ?? '/', container.idFile);
    return { wanted: container, began: this.client.began, fileId: idFile === null ? null : idIn(idFile) };
  }

  /** Asks again after a while, which grows; or soon, where something points to the container. */
  askLater(ask: () => void, now: number): void {
    clearTimeout(this.#timer);
    const isLate = now - this.client.began > LOUD_MS;
    this.#timer = setTimeout(ask, isLate ? SLOW_MS : this.#waitMs);
    this.#timer.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, MAX_WAIT_MS);
  }

  askSoon(ask: () => void): void {
    if (this.#waitMs === FIRST_MS) return;
    this.#waitMs = FIRST_MS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(ask, FIRST_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Variables that say where an engine listens; nothing else is kept. */
function environmentOf(path: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  try {
    const text = readFileSync(path).subarray(0, MAX_ENVIRON_BYTES).toString('utf8');
    for (const pair of text.split('\0')) {
      const [, name, value] = /^(DOCKER_HOST|XDG_RUNTIME_DIR)=(.*)$/s.exec(pair) ?? [];
      if (name !== undefined && value !== undefined) found.set(name, value);
    }
  } catch {
    // The client is gone; the paths that it connected to are left.
  }
  return found;
}

/** The id that a `--cidfile` holds; null where it is no plain file with exactly that in it. */
function idIn(path: string): string | null {
  const held = holdPath(path);
  if (held === null) return null;
  try {
    if (!held.stat.isFile() || held.stat.size > MAX_ID_FILE_BYTES) return null;
    const text = readFileSync(held.path, 'utf8').trim();
    return /^[0-9a-f]{64}$/.test(text) ? text : null;
  } catch {
    return null;
  } finally {
    held.close();
  }
}
