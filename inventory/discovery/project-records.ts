import type { ProjectDatabase, ProjectRecord } from '../clients/client.ts';
import type { Fault } from '../errors.ts';
import type { ConfigFiles } from './config-files.ts';
import { valuesAtPath } from './key-path.ts';
import { ProjectDatabases, type RecordedRows } from './project-database.ts';
import { projectsIn } from './project-names.ts';

/** Records of which the last good answer is kept. */
const MAX_KEPT = 1_000;

/**
 * Reads clients' records of projects. Where one cannot be read just now (half written, or broken on purpose)
 * its last good answer stands, lest its projects leave the watch; keep one from scan to scan for that.
 */
export class ProjectRecords {
  readonly #databases = new ProjectDatabases();
  readonly #good = new Map<string, readonly string[]>();

  /** What a record names; an unreadable one is a fault beside its last good answer. */
  read(path: string, record: ProjectRecord | ProjectDatabase, files: ConfigFiles): RecordedRows {
    const rows =
      record.format === 'sqlite' ? this.#databases.read(path, record) : readValues(path, record, files);
    const key = JSON.stringify([path, record.format === 'sqlite' ? record.query : record.key]);
    if (rows.fault !== null && rows.projects.length === 0)
      return { projects: this.#good.get(key) ?? [], fault: rows.fault };
    if (this.#good.size >= MAX_KEPT) this.#good.clear();
    this.#good.set(key, rows.projects);
    return rows;
  }
}

function readValues(path: string, record: ProjectRecord, files: ConfigFiles): RecordedRows {
  const { document, faults } = files.read(path, record.format);
  const root = document?.root ?? null;
  if (root === null) return { projects: [], fault: unreadable(faults[0]) };
  const values = valuesAtPath(root, record.key).map(({ value }) => value);
  return { projects: values.flatMap((value) => projectsIn(value, record.names)), fault: null };
}

function unreadable(fault: Fault | undefined): Fault | null {
  if (fault === undefined) return null;
  const { message, at } = fault;
  return { code: 'INVENTORY_RECORD_UNREADABLE', message: `record of projects: ${message}`, at };
}
