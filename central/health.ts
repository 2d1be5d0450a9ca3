import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from './bus/settings.ts';
import type { Feeds } from './feed/feeds.ts';
import type { Store } from './store/store.ts';

/** Milliseconds in which the database must answer: who asks does not wait for long either. */
const DATABASE_MS = 2_000;

type Works = 'ok' | 'failing';

export interface HealthParts {
  readonly store: Pick<Store, 'check'>;
  readonly feeds: Pick<Feeds, 'failing'>;
  readonly node: {
    readonly roles: ReadonlySet<Role>;
    /** Null where there is no bus. */
    readonly isBusUp: () => boolean | null;
  };
}

interface NodeHealth {
  /** `degraded`: every role works, and yet the database or the bus does not. */
  readonly status: 'ok' | 'degraded' | 'failing';
  readonly database: Works;
  readonly bus: Works | 'off';
  /** A receiver that is away is no fault of this node. */
  readonly feed: Works | 'off';
  readonly roles: Readonly<Partial<Record<Role, Works>>>;
}

function word(isWorking: boolean): Works {
  return isWorking ? 'ok' : 'failing';
}

/** Whether a role can be done: a node that only takes alerts needs the bus alone, where there is one. */
function works(role: Role, database: boolean, bus: boolean | null): boolean {
  if (role === 'ingest') return bus ?? database;
  if (role === 'writer') return database && bus !== false;
  return database;
}

/** What this node can do at this moment, by role. Takes 2 s at most. */
export async function nodeHealth({ store, feeds, node }: HealthParts): Promise<NodeHealth> {
  const checked = store.check().then(
    () => true,
    () => false,
  );
  const database = await Promise.race([checked, sleep(DATABASE_MS, false, { ref: false })]);
  const bus = node.isBusUp();
  const roles = Object.fromEntries([...node.roles].map((role) => [role, word(works(role, database, bus))]));
  const isWhole = database && bus !== false;
  const { failing } = feeds;
  return {
    status: Object.values(roles).includes('failing') ? 'failing' : isWhole ? 'ok' : 'degraded',
    database: word(database),
    bus: bus === null ? 'off' : word(bus),
    feed: failing === null ? 'off' : word(!failing),
    roles,
  };
}
