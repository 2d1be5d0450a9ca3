import type { TrackedContainer } from '../../collectors/index.ts';
import type { ExecImage } from '../../wire/index.ts';
import { tagOf } from '../enrich/kernel-marks.ts';
import type { MemberContainer, ProcessRole } from '../enrich/process-table.ts';

/** Containers followed at once; the kernel's table holds as many keys. */
export const MAX_FOLLOWED = 512;

/** A container whose processes belong to a server. */
export interface FollowedContainer {
  /** Its id is 64 hexadecimal digits, or the name that it was given. */
  readonly container: MemberContainer;
  /** 0 where it has none of its own. */
  readonly cgroup: number;
  /** 0 where it shares the host's. */
  readonly pidNamespace: number;
  /** Its first process, with whose end it ends. */
  readonly init: { readonly pid: number; readonly start: number };
  /** The process that asked for it, or itself. */
  readonly client: { readonly pid: number; readonly start: number };
  /** Of that process. */
  readonly role: ProcessRole;
  readonly serverId: string;
  readonly rootPid: number;
}

/** The containers of servers, by what tells their processes from others. */
export class FollowedContainers {
  readonly #byKey = new Map<string, FollowedContainer>();
  readonly #byCgroup = new Map<number, FollowedContainer>();
  readonly #byNamespace = new Map<number, FollowedContainer>();
  readonly #contain: (containers: ReadonlyMap<string, TrackedContainer>) => void;

  constructor(contain: (containers: ReadonlyMap<string, TrackedContainer>) => void) {
    this.#contain = contain;
  }

  /** The container that an image was taken in; null where it is no server's. */
  of({ cgroup, pid_namespace }: Pick<ExecImage, 'cgroup' | 'pid_namespace'>): FollowedContainer | null {
    return this.#byCgroup.get(cgroup) ?? this.#byNamespace.get(pid_namespace) ?? null;
  }

  has(id: string): boolean {
    return [...this.#byKey.values()].some(({ container }) => container.id === id);
  }

  /** Whether a client's container is followed already. */
  isFrom({ pid, start }: FollowedContainer['client']): boolean {
    return [...this.#byKey.values()].some(({ client }) => client.pid === pid && client.start === start);
  }

  /** False where there are too many. */
  add(container: FollowedContainer): boolean {
    if (this.#byKey.size >= MAX_FOLLOWED) return false;
    this.#byKey.set(keyOf(container), container);
    if (container.cgroup !== 0) this.#byCgroup.set(container.cgroup, container);
    if (container.pidNamespace !== 0) this.#byNamespace.set(container.pidNamespace, container);
    this.#tell();
    return true;
  }

  /** Forgets the container whose first process has ended: another may get its pid namespace at once. */
  endedWith(pid: number, start: number): void {
    for (const container of this.#byKey.values()) {
      const { init } = container;
      if (init.pid !== pid || (start !== 0 && init.start !== start)) continue;
      this.#byKey.delete(keyOf(container));
      forget(this.#byCgroup, container.cgroup, container);
      forget(this.#byNamespace, container.pidNamespace, container);
      this.#tell();
    }
  }

  #tell(): void {
    const told = [...this.#byKey].map(([key, { cgroup, pidNamespace, serverId, rootPid }]) => {
      const member = { tag: tagOf(serverId), root: rootPid, role: 'inside' } as const;
      return [key, { cgroup, pidNamespace, member }] as const;
    });
    this.#contain(new Map(told));
  }
}

function forget(map: Map<number, FollowedContainer>, key: number, container: FollowedContainer): void {
  if (map.get(key) === container) map.delete(key);
}

/** Two engines may name two containers alike. */
function keyOf({ container, init }: FollowedContainer): string {
  return `${container.id} ${init.pid} ${init.start}`;
}
