import type { SensorOrders, TrackedProcess } from '../../collectors/index.ts';
import { sha256Hex } from '../../inventory/index.ts';
import type { KernelMember, Server } from '../../wire/index.ts';
import type { MarkedServers } from '../state/marked-servers.ts';
import { fullServer, type KnownServer, pastServer } from './known-server.ts';
import type { Membership, ProcessEntry } from './process-table.ts';

/** Hexadecimal digits that stand for a server in the kernel. */
const TAG_DIGITS = 16;
/** Members that the kernel told of before anything else was heard of them. */
const MAX_TOLD = 65_536;

/** What stands for a server in the kernel, from its id: the same before and after a restart. */
export function tagOf(serverId: string): string {
  return sha256Hex(serverId).slice(0, TAG_DIGITS);
}

/** Whether what the kernel says of a process is what it was told. */
export type Confirmation = 'same' | 'told' | 'taken_away';

/**
 * Membership as the kernel holds it beside the process table: what the table knows is told to the kernel, and
 * what the kernel kept while no agent ran comes back into the table.
 */
export class KernelMarks {
  readonly #orders: Pick<SensorOrders, 'track'>;
  readonly #kept: Pick<MarkedServers, 'put'>;
  readonly #byTag = new Map<string, string>();
  readonly #told = new Map<string, KernelMember>();
  #past: ReadonlyMap<string, Server>;
  #waiting: TrackedProcess[] = [];

  constructor(orders: Pick<SensorOrders, 'track'>, kept: Pick<MarkedServers, 'put' | 'load'>) {
    this.#orders = orders;
    this.#kept = kept;
    this.#past = kept.load();
  }

  /** Servers by which living marks are to be understood. */
  follow(servers: readonly KnownServer[]): void {
    for (const known of servers) {
      const { id } = known.discovered.server;
      this.#byTag.set(tagOf(id), id);
    }
  }

  /** A server of an earlier run that a mark names and no config does; null where nobody knows it. */
  pastServer(tag: string): KnownServer | null {
    const server = this.#past.get(tag);
    return server === undefined ? null : pastServer(server, 'pending');
  }

  /** The membership that the kernel tells; null where its tag is unknown. */
  membershipOf(member: KernelMember): Membership | null {
    const serverId = this.#byTag.get(member.tag) ?? this.#past.get(member.tag)?.id;
    return serverId === undefined ? null : { serverId, role: member.role, rootPid: member.root };
  }

  /** Keeps what was told of a process that nothing else is known of yet. */
  keep(pid: number, start: number, member: KernelMember): void {
    if (this.#told.size < MAX_TOLD) this.#told.set(`${pid} ${start}`, member);
  }

  /** What was kept of a process, once. */
  take(pid: number, start: number): KernelMember | null {
    const key = `${pid} ${start}`;
    const member = this.#told.get(key) ?? null;
    this.#told.delete(key);
    return member;
  }

  /** Compares a member with what the kernel says of it just now, and tells the kernel where they differ. */
  confirm(entry: ProcessEntry, membership: Membership, seen: KernelMember | null): Confirmation {
    const tag = tagOf(membership.serverId);
    const wasMarked = entry.marked;
    entry.marked = seen !== null;
    const same = seen?.tag === tag && seen.role === membership.role && seen.root === membership.rootPid;
    if (same) return 'same';
    this.#tell(entry, membership);
    return wasMarked && seen === null ? 'taken_away' : 'told';
  }

  /** Tells a fresh sensor of members that the table knows. */
  retell(entries: readonly ProcessEntry[]): void {
    for (const entry of entries) {
      entry.marked = false;
      if (entry.membership !== null) this.#tell(entry, entry.membership);
    }
  }

  /** Keeps what the tag of a server stands for beyond this run. */
  remember(known: KnownServer): void {
    this.#kept.put(tagOf(known.discovered.server.id), fullServer(known));
  }

  /** Told together: the kernel walks all tasks once for all of them. */
  #tell({ pid, start }: ProcessEntry, { serverId, role, rootPid }: Membership): void {
    this.#waiting.push({ pid, start, tag: tagOf(serverId), root: rootPid, role });
    if (this.#waiting.length > 1) return;
    queueMicrotask(() => this.send());
  }

  /** Tells the kernel now what it would be told in a moment. */
  send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) this.#orders.track(waiting);
  }
}
