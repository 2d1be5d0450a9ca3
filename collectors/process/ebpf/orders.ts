import {
  containerCommand,
  type ExecPolicy,
  type LaunchWords,
  launchesCommand,
  pathCommand,
  policyCommand,
  type ShellFile,
  shellsCommand,
  type TrackedContainer,
} from './commands.ts';
import { type ActorDirectory, ActorMarks } from './file-actor.ts';

/**
 * What a sensor is to do until it is told otherwise, so that one that starts again can be told all of it. Each
 * change gives the commands that bring a sensor from what it was told before to what is wanted now.
 */
export class StandingOrders {
  readonly #marks = new ActorMarks();
  #guarded: ReadonlySet<string> = new Set();
  #policies: ReadonlyMap<string, Buffer> = new Map();
  #shells: Buffer | null = null;
  #permits: readonly Buffer[] = [];
  #launches: Buffer | null = null;
  #containers: ReadonlyMap<string, TrackedContainer> = new Map();

  watchDirectories(directories: readonly ActorDirectory[]): readonly Buffer[] {
    return this.#marks.change(directories);
  }

  /** Tells who opens these files, or files directly in these directories. */
  guardPaths(paths: readonly string[]): readonly Buffer[] {
    const before = this.#guarded;
    this.#guarded = new Set(paths);
    const gone = [...before].filter((path) => !this.#guarded.has(path));
    return commands([
      ...gone.map((path) => pathCommand('unguard', path)),
      // One that was made anew is another inode under the same name.
      ...[...this.#guarded].map((path) => pathCommand('guard', path)),
    ]);
  }

  enforce(policies: readonly ExecPolicy[], shells: readonly ShellFile[]): readonly Buffer[] {
    const before = this.#policies;
    this.#policies = new Map(policies.map((policy) => [policy.tag, policyCommand(policy)]));
    const gone = [...before.keys()].filter((tag) => !this.#policies.has(tag));
    const fresh = [...this.#policies].filter(([tag, command]) => before.get(tag)?.equals(command) !== true);
    const known = shellsCommand(shells);
    const permits = commands(shells.map(({ path }) => pathCommand('permit', path)));
    this.#permits = permits;
    const sameShells = this.#shells?.equals(known) === true;
    this.#shells = known;
    return [
      ...(sameShells ? [] : [known, ...permits]),
      ...gone.map((tag) => policyCommand({ tag, shells: true, programs: null, nothing: false })),
      ...fresh.map(([, command]) => command),
    ];
  }

  watchLaunches(launches: readonly LaunchWords[]): readonly Buffer[] {
    const told = this.#launches;
    this.#launches = launchesCommand(launches);
    return told?.equals(this.#launches) === true ? [] : [this.#launches];
  }

  contain(containers: ReadonlyMap<string, TrackedContainer>): readonly Buffer[] {
    const before = this.#containers;
    this.#containers = containers;
    const gone = [...before].filter(([id]) => !containers.has(id));
    const fresh = [...containers].filter(([id]) => !before.has(id));
    return [
      ...gone.map(([, container]) => containerCommand({ ...container, member: null })),
      ...fresh.map(([, container]) => containerCommand(container)),
    ];
  }

  /** The commands for a sensor that has been told nothing; those about files apart, since it may not have them. */
  all(): { readonly processes: readonly Buffer[]; readonly files: readonly Buffer[] } {
    return {
      processes: [
        ...(this.#launches === null ? [] : [this.#launches]),
        ...(this.#shells === null ? [] : [this.#shells]),
        ...this.#permits,
        ...this.#policies.values(),
        ...[...this.#containers.values()].map(containerCommand),
      ],
      files: [
        ...this.#marks.all(),
        ...commands([...this.#guarded].map((path) => pathCommand('guard', path))),
      ],
    };
  }

  /** The policies and shells once more, as if none had been told. */
  policies(): readonly Buffer[] {
    return [...(this.#shells === null ? [] : [this.#shells]), ...this.#policies.values()];
  }
}

function commands(made: readonly (Buffer | null)[]): readonly Buffer[] {
  return made.filter((command) => command !== null);
}
