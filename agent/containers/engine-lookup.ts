import type { ProcessTable } from '../enrich/process-table.ts';
import { type Certainty, type Match, matchContainer, type Waiting } from './container-match.ts';
import type { ContainerPlace, ContainerPlaces } from './container-place.ts';
import type { ContainerSearch } from './container-search.ts';
import { type Engine, type EngineContainer, engineAt } from './engine.ts';
import { openEngineSocket } from './engine-socket.ts';
import type { FollowedContainers } from './followed-containers.ts';

/** Milliseconds in which an engine must answer all that is asked in one look. */
const LOOK_MS = 2_000;
/** Containers of one answer that are looked at closely. */
const MAX_LOOKED_AT = 64;
/** An engine lists when a container was made in whole seconds, by a clock that may differ by some. */
const LISTED_SLACK_MS = 3_000;

/** The container of a client, as its engine and the kernel tell it. */
export interface EngineAnswer {
  readonly container: EngineContainer;
  readonly certainty: Certainty;
  readonly place: ContainerPlace;
  /** Of its first process, in clock ticks since boot. */
  readonly start: number;
}

export interface EngineLookupOptions {
  readonly table: ProcessTable;
  readonly places: ContainerPlaces;
  readonly followed: Pick<FollowedContainers, 'has'>;
  /** Of a living process, in clock ticks since boot; null where it is gone. */
  readonly startOf: (pid: number) => number | null;
  readonly now: () => number;
}

/** Asks the engines of clients which container they got, and believes what the kernel says as well. */
export class EngineLookup {
  readonly #options: EngineLookupOptions;

  constructor(options: EngineLookupOptions) {
    this.#options = options;
  }

  /** What was found, or why nothing was, in words; `all` are all clients that wait, with this one. */
  async find(search: ContainerSearch, all: readonly ContainerSearch[]): Promise<EngineAnswer | string> {
    const sockets = search.sockets();
    if (sockets.length === 0) return 'its engine is on another host';
    let reason = 'none of its sockets is an engine that it may use';
    for (const path of sockets) {
      const socket = openEngineSocket(path, search.credentials);
      if (socket === null) continue;
      try {
        const match = await this.#match(search, all, engineAt(socket.path, AbortSignal.timeout(LOOK_MS)));
        const answer = typeof match === 'string' ? match : this.#confirmed(match, socket.owner);
        if (typeof answer !== 'string') return answer;
        reason = answer;
      } finally {
        socket.close();
      }
    }
    return reason;
  }

  async #match(
    search: ContainerSearch,
    all: readonly ContainerSearch[],
    engine: Engine,
  ): Promise<Match | string> {
    const { container: asked } = search.client.call;
    const waiting = search.waiting();
    if (waiting === null) {
      const named = asked.kind === 'named' ? await engine.inspect(asked.name) : null;
      if (named === null || named.pid === 0) return 'its engine knows no such container that runs';
      return { container: named, certainty: 'exact' };
    }
    const fresh = await this.#freshOf(engine, waiting);
    if (fresh === null) return 'its engine gives no answer';
    const rivals = all.map((one) => (one === search ? waiting : one.waiting()));
    // Another client may have got one meanwhile.
    const free = fresh.filter(({ id }) => !this.#options.followed.has(id));
    const match = matchContainer(
      waiting,
      free,
      rivals.filter((rival) => rival !== null),
      this.#options.now(),
    );
    return match ?? 'its engine has no container that fits the command line';
  }

  async #freshOf(engine: Engine, { began }: Waiting): Promise<readonly EngineContainer[] | null> {
    const listed = await engine.list();
    if (listed === null) return null;
    const isFresh = ({ id, created }: { readonly id: string; readonly created: number }) =>
      created >= began - LISTED_SLACK_MS && !this.#options.followed.has(id);
    const looked: EngineContainer[] = [];
    for (const { id } of listed.filter(isFresh).slice(0, MAX_LOOKED_AT)) {
      const container = await engine.inspect(id);
      if (container !== null && container.id === id && container.pid !== 0) looked.push(container);
    }
    return looked;
  }

  /** What an engine says of a container counts where the kernel says the same of its process. */
  #confirmed({ container, certainty }: Match, owner: number): EngineAnswer | string {
    const { places, table, startOf } = this.#options;
    const place = places.of(container.pid);
    const entry = table.get(container.pid);
    // The sensor need not have told of one that shares the host's pid namespace.
    const start = entry?.start ?? startOf(container.pid);
    if (place === null || start === null) return 'its engine names a process that is not there';
    if (place.id !== container.id) return 'its engine names a process that is in no such container';
    // The engine of an ordinary user has only what is started by that user.
    if (owner !== 0 && entry?.parent?.uid !== owner)
      return 'its engine names a process that it did not start';
    return { container, certainty, place, start };
  }
}
