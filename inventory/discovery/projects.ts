import { type Dirent, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../../wire/index.ts';
import { CLIENTS } from '../clients/catalogue.ts';
import type { ProjectRecord } from '../clients/client.ts';
import { readConfigFile } from '../config/document.ts';
import { type ConfigValue, isList, isObject } from '../config/value.ts';
import { problemOf, systemCode } from '../errors.ts';
import { MAX_PROJECTS, MAX_ROOT_DEPTH, MAX_ROOT_ENTRIES } from '../limits.ts';
import { baseDirectory, matchPattern, type PlaceContext } from './places.ts';

/** First segments of all project configs: a directory that holds one of them is a project. */
const PROJECT_MARKS: ReadonlySet<string> = new Set(
  CLIENTS.flatMap((client) => client.locations)
    .filter((location) => location.base === 'project')
    .map((location) => location.path.split('/', 1)[0] ?? ''),
);
const SKIPPED_DIRECTORIES: ReadonlySet<string> = new Set(['node_modules', '.git']);

export interface FoundProjects {
  readonly directories: readonly string[];
  readonly problems: readonly Problem[];
  /** Record files, to be watched: a new project shows there first. */
  readonly files: readonly string[];
}

/** Projects that a user's clients have on record and that still exist. */
export function recordedProjects(context: PlaceContext): FoundProjects {
  const directories = new Set<string>();
  const files: string[] = [];
  for (const record of CLIENTS.flatMap((client) => client.projectRecords ?? [])) {
    const base = baseDirectory(record.base, context);
    if (record.format === 'sqlite') continue;
    for (const path of base === null ? [] : matchPattern(base, record.path)) {
      if (!record.path.includes('*')) files.push(path);
      // Broken records of other programs are not this user's configs; those that are get reported as such.
      const root = readConfigFile(path, record.format).document?.root ?? null;
      for (const directory of root === null ? [] : namedProjects(root, record)) directories.add(directory);
    }
  }
  const all = [...directories].filter(
    (directory) => directory !== context.user?.home && isDirectory(directory),
  );
  const problems: Problem[] = [];
  if (all.length > MAX_PROJECTS) {
    const message = `${all.length} projects on record; the first ${MAX_PROJECTS} are looked at`;
    problems.push(
      problemOf(context.user?.home ?? '', { code: 'INVENTORY_TOO_MANY_PROJECTS', message, at: null }),
    );
  }
  return { directories: all.slice(0, MAX_PROJECTS), problems, files };
}

/** The projects below a configured root, the root itself included; breadth first, within bounds. */
export function projectsBelow(root: string): FoundProjects {
  const problems: Problem[] = [];
  const directories: string[] = [root];
  const queue: { readonly path: string; readonly depth: number }[] = [{ path: root, depth: 0 }];
  let entries = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const { path, depth } = queue[at] ?? { path: root, depth: 0 };
    const items = listDirectory(path, problems);
    entries += items.length;
    if (entries > MAX_ROOT_ENTRIES) {
      const message = `more than ${MAX_ROOT_ENTRIES} entries below this root; the rest is not looked at`;
      problems.push(problemOf(root, { code: 'INVENTORY_ROOT_TRUNCATED', message, at: null }));
      break;
    }
    if (path !== root && items.some((item) => isMark(item.name))) directories.push(path);
    if (depth >= MAX_ROOT_DEPTH) continue;
    for (const item of items) {
      const isSkipped = SKIPPED_DIRECTORIES.has(item.name) || item.name.startsWith('.');
      if (item.isDirectory() && !isSkipped) queue.push({ path: join(path, item.name), depth: depth + 1 });
    }
  }
  return { directories: directories.slice(0, MAX_PROJECTS), problems, files: [] };
}

function isMark(name: string): boolean {
  return PROJECT_MARKS.has(name) || name.endsWith('.code-workspace');
}

function namedProjects(root: ConfigValue, record: ProjectRecord): readonly string[] {
  let value: ConfigValue | undefined = root;
  for (const key of record.key) value = isObject(value) ? value[key] : undefined;
  if (record.names === 'keys') return isObject(value) ? Object.keys(value).filter(isAbsolute) : [];
  const texts = (isList(value) ? value : [value]).filter((item) => typeof item === 'string');
  if (record.names === 'path') return texts.filter(isAbsolute);
  return texts.flatMap((uri) => {
    try {
      return uri.startsWith('file://') ? [resolve(fileURLToPath(uri))] : [];
    } catch {
      return [];
    }
  });
}

function listDirectory(path: string, problems: Problem[]): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    const message = `cannot be listed: ${systemCode(error) || 'unknown error'}`;
    if (problems.length < 50)
      problems.push(problemOf(path, { code: 'INVENTORY_ROOT_UNREADABLE', message, at: null }));
    return [];
  }
}

function isDirectory(path: string): boolean {
  try {
    return !path.includes('\0') && statSync(path).isDirectory() && path !== dirname(path);
  } catch {
    return false;
  }
}
