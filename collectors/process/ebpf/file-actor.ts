import { pathCommand } from './commands.ts';

/** A directory whose writers are asked for; `identity` tells it from another one under the same name. */
export interface ActorDirectory {
  readonly path: string;
  readonly identity: string;
}

/** Which directories the sensor marks: told apart by what differs from what it was told before. */
export class ActorMarks {
  #wanted: ReadonlyMap<string, string> = new Map();

  /** The commands that bring a sensor from what it marks to these directories. */
  change(directories: readonly ActorDirectory[]): readonly Buffer[] {
    const before = this.#wanted;
    this.#wanted = new Map(directories.map(({ path, identity }) => [path, identity]));
    const gone = [...before].filter(([path, identity]) => this.#wanted.get(path) !== identity);
    const fresh = [...this.#wanted].filter(([path, identity]) => before.get(path) !== identity);
    return [
      ...gone.map(([path]) => pathCommand('unmark', path)),
      ...fresh.map(([path]) => pathCommand('mark', path)),
    ].filter((command) => command !== null);
  }

  /** The commands for a sensor that marks nothing yet. */
  all(): readonly Buffer[] {
    return [...this.#wanted.keys()]
      .map((path) => pathCommand('mark', path))
      .filter((command) => command !== null);
  }
}
