import { join, resolve } from 'node:path';
import type { HostUser } from '../../inventory/index.ts';
import { JOURNAL_DIRECTORY } from '../../wire/index.ts';

/** State directory of a user below the home, where XDG_STATE_HOME says nothing else (XDG base directories). */
const STATE_IN_HOME = join('.local', 'state', 'sealwatch');

/** A directory in which the guards of one user leave their records. */
export interface JournalPlace {
  readonly directory: string;
  /** Whose files count there. */
  readonly uid: number;
  /** Names of that user: records may speak of the servers of these only. */
  readonly names: ReadonlySet<string>;
}

/** Where records are: of the agent's own user under its state directory, of the others in their homes. */
export function journalPlaces(
  stateDir: string,
  self: Pick<HostUser, 'uid' | 'name'>,
  users: readonly HostUser[],
): readonly JournalPlace[] {
  const owned = [
    { state: stateDir, ...self },
    ...users.map(({ home, uid, name }) => ({ state: join(home, STATE_IN_HOME), uid, name })),
  ];
  const places = new Map<string, JournalPlace>();
  for (const { state, uid, name } of owned) {
    const directory = resolve(state, JOURNAL_DIRECTORY);
    const alike = users.filter((user) => user.uid === uid).map((user) => user.name);
    if (!places.has(directory)) places.set(directory, { directory, uid, names: new Set([name, ...alike]) });
  }
  return [...places.values()];
}
