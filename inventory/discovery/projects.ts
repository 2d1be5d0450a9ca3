import { resolve } from 'node:path';
import type { Problem } from '../../wire/index.ts';
import { CLIENTS } from '../clients/catalogue.ts';
import { problemOf } from '../errors.ts';
import { MAX_PROJECTS } from '../limits.ts';
import type { ConfigFiles } from './config-files.ts';
import { locate, type PlaceContext } from './places.ts';
import { projectDirectory } from './project-names.ts';
import type { ProjectRecords } from './project-records.ts';
import type { RunningClient } from './running-clients.ts';

/** A project and what led to it, as in `Server.project_source`. */
export interface FoundProject {
  readonly directory: string;
  readonly source: string;
}

export interface FoundProjects {
  readonly projects: readonly FoundProject[];
  readonly problems: readonly Problem[];
  /** Record files, to be watched: a new project shows there first. */
  readonly files: readonly string[];
}

/** What records are read with. */
export interface RecordReaders {
  readonly files: ConfigFiles;
  readonly records: ProjectRecords;
}

/** Projects that a user's clients have on record and that still exist; each with the first record of it. */
export function recordedProjects(context: PlaceContext, readers: RecordReaders): FoundProjects {
  const named = new Map<string, string>();
  const files: string[] = [];
  const problems: Problem[] = [];
  for (const record of CLIENTS.flatMap((client) => client.projectRecords ?? [])) {
    const placed = locate(record, context);
    files.push(...placed.fixed);
    for (const path of placed.found) {
      const { projects, fault } = readers.records.read(path, record, readers.files);
      for (const project of projects) if (!named.has(project)) named.set(project, `record:${path}`);
      if (fault !== null) problems.push(problemOf(path, fault));
    }
  }
  const { projects, dropped } = existing(named);
  if (dropped > 0) {
    const message = `${projects.length + dropped} projects on record; the first ${MAX_PROJECTS} are looked at`;
    problems.push(
      problemOf(context.user?.home ?? '', { code: 'INVENTORY_TOO_MANY_PROJECTS', message, at: null }),
    );
  }
  return { projects, problems, files };
}

/** The projects that running clients work in. */
export function projectsOfRunning(clients: readonly RunningClient[]): readonly FoundProject[] {
  const named = new Map<string, string>();
  for (const { cwd, name } of clients) {
    if (cwd !== null && !named.has(cwd)) named.set(cwd, `process:${name}`);
  }
  return existing(named).projects;
}

/** The named directories that exist. A home may be one: a client that is started in it reads project configs there. */
function existing(named: ReadonlyMap<string, string>) {
  const projects = new Map<string, FoundProject>();
  let dropped = 0;
  for (const [name, source] of named) {
    const directory = projectDirectory(resolve(name));
    if (directory === null || projects.has(directory)) continue;
    if (projects.size < MAX_PROJECTS) projects.set(directory, { directory, source });
    else dropped += 1;
  }
  return { projects: [...projects.values()], dropped };
}
