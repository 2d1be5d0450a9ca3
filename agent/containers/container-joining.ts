import type { ProcessExec } from '../../wire/index.ts';
import type { Image } from '../enrich/launch-chain.ts';
import type { Membership, ProcessEntry, ProcessRole, ProcessTable } from '../enrich/process-table.ts';
import type { Fact } from '../fact.ts';
import type { FoundContainer } from './container-follower.ts';
import { roleInContainer, roleOfFirst } from './container-roles.ts';

export interface JoiningOptions {
  readonly table: ProcessTable;
  /** A fact about an image that a member took. */
  readonly factOf: (event: ProcessExec) => Fact | null;
  /** The kernel is to know of it. */
  readonly confirm: (entry: ProcessEntry) => void;
}

/** Makes members of what ran in a container before it was known whose it is, and tells what it did since. */
export class ContainerJoining {
  readonly #options: JoiningOptions;
  readonly #found: FoundContainer;
  /** What each process ran when it was last judged. */
  readonly #images = new Map<ProcessEntry, Image>();

  constructor(options: JoiningOptions, found: FoundContainer) {
    this.#options = options;
    this.#found = found;
  }

  /** One fact for each image that was taken in it, in order. */
  join(): readonly Fact[] {
    const { table, confirm } = this.#options;
    const facts = this.#found.execs.map((event) => this.#exec(event)).filter((fact) => fact !== null);
    for (const pid of this.#found.pids) {
      const entry = table.get(pid);
      if (entry === null) continue;
      // What has run since before the agent did is judged by what it runs now.
      if (entry.membership?.container === undefined)
        entry.membership = this.#withRole(this.#roleAtSight(entry));
      confirm(entry);
    }
    return facts;
  }

  #exec(event: ProcessExec): Fact | null {
    const { table, factOf } = this.#options;
    const entry = table.recent(event.pid, event.start);
    if (entry === null) return null;
    entry.membership = this.#withRole(this.#roleOf(event, entry));
    this.#images.set(entry, event);
    return factOf(event);
  }

  #roleOf(event: ProcessExec, entry: ProcessEntry): ProcessRole {
    const own = this.#images.get(entry);
    if (own !== undefined && entry.membership !== null)
      return roleInContainer(entry.membership.role, true, own, event);
    if (event.pid === this.#found.initPid) return roleOfFirst(event, this.#found.membership.role);
    const { parent } = entry;
    const above = parent === null ? undefined : this.#images.get(parent);
    if (parent?.membership == null || above === undefined) return 'inside';
    return roleInContainer(parent.membership.role, false, above, event);
  }

  #roleAtSight(entry: ProcessEntry): ProcessRole {
    if (entry.pid === this.#found.initPid) return roleOfFirst(entry, this.#found.membership.role);
    return entry.membership?.role ?? 'inside';
  }

  #withRole(role: ProcessRole): Membership {
    return { ...this.#found.membership, role };
  }
}
