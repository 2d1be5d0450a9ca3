import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { readDatabase } from '../../agent/index.ts';

/** An alert's id where it stands in a finding, and in an alert as agents send it. */
const FED = {
  finding: /"finding_info":\{[^{}]*?"uid":"([0-9a-f]{16}-\d+)"/g,
  alert: /"id":"([0-9a-f]{16}-\d+)"/g,
} as const;
export type FedForm = keyof typeof FED;

/** Every alert that some spool has committed. */
export class Truth {
  readonly ids = new Set<string>();

  /** Adds what a load agent has written down before it offered it. */
  addLedger(file: string): void {
    if (!existsSync(file)) return;
    for (const [, id = ''] of readFileSync(file, 'utf8').matchAll(/^([0-9a-f]{16}-\d+)\.$/gm))
      this.ids.add(id);
  }

  /** Adds what the spool of a dead agent holds: the last alerts of its life. */
  addSpool(stateDir: string): void {
    if (!existsSync(join(stateDir, 'agent.db'))) return;
    const database = readDatabase(stateDir);
    try {
      const rows = database.prepare<[], { id: string }>("SELECT body ->> 'id' AS id FROM spool").all();
      for (const { id } of rows) this.ids.add(id);
    } catch (error) {
      // Killed while it made its database: there is no spool yet.
      if (!String(error).includes('no such table')) throw error;
    } finally {
      database.close();
    }
  }
}

/** Ids at central in an SQLite file, doubled ones too. */
export function idsInFile(path: string): readonly string[] {
  const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  try {
    return database
      .prepare<[], { id: string }>('SELECT id FROM alerts')
      .all()
      .map(({ id }) => id);
  } finally {
    database.close();
  }
}

/** Ids that a feed has written, in order, doubled ones too. */
export function idsInFeed(path: string, form: FedForm): readonly string[] {
  if (!existsSync(path)) return [];
  return [...readFileSync(path, 'utf8').matchAll(FED[form])].map(([, id = '']) => id);
}

export interface Finding {
  readonly alerts: number;
  /** Alerts that central raised itself. */
  readonly own: number;
  /** In a ledger or spool, and not at central. */
  readonly missing: readonly string[];
  /** More than once at central. */
  readonly doubled: readonly string[];
  /** At central, and of no spool. */
  readonly unknown: readonly string[];
  readonly feeds: readonly {
    readonly name: string;
    readonly missing: readonly string[];
    readonly repeats: number;
  }[];
}

/** Compares what was raised with what central holds, and that with what each feed wrote. */
export function compare(
  truth: ReadonlySet<string>,
  stored: readonly string[],
  feeds: ReadonlyMap<string, readonly string[]>,
): Finding {
  const atCentral = new Set(stored);
  const agents = new Set([...truth].map((id) => id.slice(0, 16)));
  const isOwn = (id: string) => !agents.has(id.slice(0, 16));
  const seen = new Set<string>();
  const doubled = stored.filter((id) => seen.size === seen.add(id).size);
  return {
    alerts: truth.size,
    own: stored.filter(isOwn).length,
    missing: [...truth].filter((id) => !atCentral.has(id)),
    doubled,
    unknown: stored.filter((id) => !isOwn(id) && !truth.has(id)),
    feeds: [...feeds].map(([name, fed]) => {
      const distinct = new Set(fed);
      return {
        name,
        missing: [...atCentral].filter((id) => !distinct.has(id)),
        repeats: fed.length - distinct.size,
      };
    }),
  };
}

/** Whether everything that was raised has arrived everywhere. */
export function isComplete({ missing, feeds }: Finding): boolean {
  return missing.length === 0 && feeds.every((feed) => feed.missing.length === 0);
}

/** One line of what came of a fault. */
export function resultOf(fault: string, { alerts, missing, doubled, feeds }: Finding): string {
  const fed = feeds.map(
    ({ name, missing: gone, repeats }) => `feed ${name} ${gone.length} missing, ${repeats} repeats`,
  );
  return [`${fault}: ${alerts} alerts, ${missing.length} missing, ${doubled.length} doubled`, ...fed].join(
    '; ',
  );
}
