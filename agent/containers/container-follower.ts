import { uptime } from 'node:os';
import type { TrackedContainer } from '../../collectors/index.ts';
import type { ProcessExec, ProcessExit, UnixSocket } from '../../wire/index.ts';
import type { Image } from '../enrich/launch-chain.ts';
import type { MemberContainer, Membership, ProcessEntry, ProcessTable } from '../enrich/process-table.ts';
import { type ContainerPlace, ContainerPlaces, nameOf } from './container-place.ts';
import { roleOfFirst } from './container-roles.ts';
import { ContainerSearch, LOUD_MS, type SearchedClient } from './container-search.ts';
import { readEngineCall } from './engine-call.ts';
import { type EngineAnswer, EngineLookup } from './engine-lookup.ts';
import { isEngineClient } from './engine-programs.ts';
import { type FollowedContainer, FollowedContainers, MAX_FOLLOWED } from './followed-containers.ts';
import { HeldExecs } from './held-execs.ts';

/** Clients whose containers are looked for at once. */
const MAX_SEARCHES = 64;
const TOO_MANY = `more than ${MAX_FOLLOWED} containers are followed`;
/** Milliseconds of doubt between the clocks of kernel and engine. */
const SLACK_MS = 2_000;
/** What was told of servers that are not followed; the oldest is forgotten first. */
const MAX_COMPLAINTS = 512;
const TICK_MS = 10;
/** Exit codes of `docker run` that say that nothing ran in the container: docker-run(1). */
const NOTHING_RAN: ReadonlySet<number> = new Set([125, 126, 127]);

/** A container that was found to be a server's, with what ran in it until then. */
export interface FoundContainer {
  /** Of the container's processes, before their role. */
  readonly membership: Membership;
  readonly initPid: number;
  /** Images taken in it that are not judged yet, in order. */
  readonly execs: readonly ProcessExec[];
  /** Processes that live in it now. */
  readonly pids: readonly number[];
}

/** A server whose container is not followed, or not wholly. */
export interface UnfollowedContainer {
  /** The client that asked for the container. */
  readonly entry: ProcessEntry;
  readonly reason: string;
}

export interface FollowerOptions {
  readonly table: ProcessTable;
  /** Start of a living process in clock ticks since boot; null where it is gone. */
  readonly startOf: (pid: number) => number | null;
  readonly contain: (containers: ReadonlyMap<string, TrackedContainer>) => void;
  readonly onFound: (found: FoundContainer) => void;
  readonly onUnfollowed: (unfollowed: UnfollowedContainer) => void;
  readonly procRoot?: string;
  readonly now?: () => number;
}

/** What a process became by the container that it took its image in. */
export interface Placement {
  readonly membership: Membership | null;
  /** Its role is decided by that. */
  readonly entered: boolean;
}

/**
 * Follows servers into their containers. Those of podman and runc are descendants of their client; of those that a
 * daemon runs, the engine is asked which container a client got. From then on the cgroup and the pid namespace tell
 * who is in it, also what enters it later from elsewhere.
 */
export class ContainerFollower {
  readonly #options: FollowerOptions;
  readonly #places: ContainerPlaces;
  readonly #now: () => number;
  readonly #followed: FollowedContainers;
  readonly #lookup: EngineLookup;
  readonly #held = new HeldExecs();
  readonly #searches = new Map<string, ContainerSearch>();
  readonly #told = new Set<string>();
  #stopped = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#places = new ContainerPlaces(options.procRoot);
    this.#now = options.now ?? Date.now;
    this.#followed = new FollowedContainers(options.contain);
    this.#lookup = new EngineLookup({
      table: options.table,
      startOf: options.startOf,
      places: this.#places,
      followed: this.#followed,
      now: this.#now,
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const search of this.#searches.values()) search.stop();
    this.#searches.clear();
  }

  /** Where a process took an image, and what that makes of it; `before` is what it, or else its parent, ran. */
  place(event: ProcessExec, membership: Membership | null, before: Image | null): Placement {
    const same = { membership, entered: false };
    if (event.image === null || membership?.container !== undefined) return same;
    const followed = this.#followed.of(event.image);
    if (followed !== null)
      return enter(followed.container, followedMembership(followed, membership, event), event);
    if (membership === null) {
      if (this.#searches.size > 0) this.#hold(event);
      return same;
    }
    const place = this.#ownContainer(event, before);
    if (place === null) return same;
    const container = { id: nameOf(place), guessed: false };
    this.#addOwn(place, container, event, membership);
    return enter(container, membership, event);
  }

  /** The container that a member is in, where an engine among its own processes made it. */
  #ownContainer({ pid, image }: ProcessExec, before: Image | null): ContainerPlace | null {
    const isHost = image?.pid_namespace === this.#places.hostNamespace;
    const byEngine = before !== null && isEngineClient(before);
    if (!byEngine && isHost) return null;
    const place = this.#places.of(pid);
    if (place === null) return null;
    const counts = byEngine ? !isHost || place.id !== null : place.isInit && place.id !== null;
    return counts ? place : null;
  }

  /** A member may as well have entered what is not its own: only what holds nobody else is followed. */
  #addOwn(
    place: ContainerPlace,
    container: MemberContainer,
    { pid, start }: ProcessExec,
    membership: Membership,
  ): void {
    const { serverId, rootPid, role } = membership;
    const { cgroupPath, isInit } = place;
    const { table } = this.#options;
    const isMember = (other: number) => table.get(other)?.membership?.serverId === serverId;
    const isOwn = cgroupPath !== null && this.#places.pidsIn(cgroupPath).every(isMember);
    const cgroup = isOwn ? place.cgroup : 0;
    const pidNamespace = isInit ? place.pidNamespace : 0;
    if (cgroup === 0 && pidNamespace === 0) return;
    const init = { pid, start };
    const entry = table.get(pid);
    const isAdded = this.#followed.add({
      container,
      cgroup,
      pidNamespace,
      init,
      client: init,
      role,
      serverId,
      rootPid,
    });
    if (!isAdded && entry !== null) this.#tell({ entry, membership }, TOO_MANY);
  }

  #hold(event: ProcessExec): void {
    this.#held.hold(event);
    if (event.image?.pid_namespace === this.#places.hostNamespace) return;
    for (const search of this.#searches.values()) search.askSoon(() => this.#ask(search));
  }

  /** A member took an image: is it a client whose container runs elsewhere? */
  ran(event: ProcessExec, entry: ProcessEntry, membership: Membership): void {
    const call = membership.container === undefined ? readEngineCall(entry.exe, entry.argv) : null;
    if (call === null || this.#stopped) return;
    const { container } = call;
    const began = event.source === 'ebpf' ? event.time : this.#startOf(event);
    const client = { entry, membership, call, began };
    if (container.kind === 'unfollowed') this.#tell(client, container.reason);
    else if (this.#searches.size >= MAX_SEARCHES) this.#tell(client, 'too many clients wait for theirs');
    else if (!this.#followed.isFrom(entry)) this.#begin(client);
  }

  #begin(client: SearchedClient): void {
    const search = new ContainerSearch(client, this.#options.procRoot);
    if (this.#searches.has(search.key)) return;
    this.#searches.set(search.key, search);
    search.askLater(() => this.#ask(search), this.#now());
  }

  /** A sweep finds a process long after its start, in milliseconds since the epoch. */
  #startOf({ start }: ProcessExec): number {
    return this.#now() - uptime() * 1000 + start * TICK_MS;
  }

  connected({ pid, start, path }: UnixSocket): void {
    this.#searches.get(`${pid} ${start}`)?.connected(path);
  }

  ended({ pid, start, exit_code }: ProcessExit): void {
    this.#followed.endedWith(pid, start);
    const search = this.#searches.get(`${pid} ${start}`);
    if (search === undefined) return;
    search.ended = { code: exit_code };
    search.stop();
    void this.#ask(search);
  }

  #ask(search: ContainerSearch): void {
    search.asking = search.asking.then(() => this.#look(search)).catch(() => this.#askLater(search));
  }

  #askLater(search: ContainerSearch): void {
    if (this.#isSearched(search)) search.askLater(() => this.#ask(search), this.#now());
  }

  #isSearched(search: ContainerSearch): boolean {
    return !this.#stopped && this.#searches.get(search.key) === search;
  }

  async #look(search: ContainerSearch): Promise<void> {
    if (!this.#isSearched(search)) return;
    const { entry, began } = search.client;
    const ended = search.ended ?? (this.#options.table.get(entry.pid) === entry ? null : { code: null });
    const answer = await this.#lookup.find(search, [...this.#searches.values()]);
    if (!this.#isSearched(search)) return;
    if (typeof answer !== 'string') this.#settle(search, answer);
    else if (ended !== null) this.#giveUp(search, ended.code, answer);
    else {
      if (this.#now() - began > LOUD_MS) this.#tell(search.client, answer);
      this.#askLater(search);
    }
  }

  #settle(search: ContainerSearch, answer: EngineAnswer): void {
    const isTaken = this.#followed.has(answer.container.id);
    // Another client got it while the engine was asked; one that attaches to what is followed gets nothing new.
    if (isTaken && search.client.call.container.kind === 'run') {
      this.#askLater(search);
      return;
    }
    if (!isTaken) this.#take(search, answer);
    this.#drop(search);
  }

  /** A client that ended by an error of its engine ran nothing. */
  #giveUp(search: ContainerSearch, code: number | null, reason: string): void {
    this.#drop(search);
    if (code === null || !NOTHING_RAN.has(code)) this.#tell(search.client, `${reason}; its client has ended`);
  }

  #drop(search: ContainerSearch): void {
    search.stop();
    this.#searches.delete(search.key);
    if (this.#searches.size === 0) this.#held.clear();
  }

  /** Once for each server and reason. */
  #tell({ entry, membership }: Pick<SearchedClient, 'entry' | 'membership'>, reason: string): void {
    const key = `${membership.serverId} ${reason}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const [oldest] = this.#told;
    if (this.#told.size > MAX_COMPLAINTS && oldest !== undefined) this.#told.delete(oldest);
    this.#options.onUnfollowed({ entry, reason });
  }

  /** What was found is the server's from now on. */
  #take(
    { client }: ContainerSearch,
    { container: { id, pid, created }, certainty, place, start }: EngineAnswer,
  ): void {
    const { cgroup, pidNamespace, cgroupPath } = place;
    const { serverId, rootPid, role } = client.membership;
    const container = { id, guessed: certainty === 'order' };
    const followed = { container, cgroup, pidNamespace, init: { pid, start }, role, serverId, rootPid };
    if (!this.#followed.add({ ...followed, client: client.entry })) {
      this.#tell(client, TOO_MANY);
      return;
    }
    const since = created - SLACK_MS;
    this.#options.onFound({
      membership: { ...client.membership, container },
      initPid: pid,
      execs: this.#held.take(cgroup, pidNamespace, since),
      pids: cgroupPath === null ? [pid] : this.#places.pidsIn(cgroupPath),
    });
    if (this.#held.droppedSince(since))
      this.#tell(client, 'the first of what ran in it was not kept: too much ran at once');
  }
}

function enter(
  container: MemberContainer,
  { serverId, rootPid, role }: Omit<Membership, 'container'>,
  event: ProcessExec,
): Placement {
  return { membership: { serverId, rootPid, role: roleOfFirst(event, role), container }, entered: true };
}

/** What a process is that was found in a container: the first one may be told of after all others. */
function followedMembership(
  followed: FollowedContainer,
  membership: Membership | null,
  { pid, start }: ProcessExec,
): Membership {
  const { init, role, serverId, rootPid } = followed;
  const isInit = init.pid === pid && init.start === start;
  if (isInit) return { serverId, rootPid, role };
  return membership ?? { serverId, rootPid, role: 'inside' };
}
