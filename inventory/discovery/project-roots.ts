import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../wire/index.ts';
import { CLIENTS } from '../clients/catalogue.ts';
import { problemOf, systemCode } from '../errors.ts';
import { MAX_PROBLEMS_PER_FILE, MAX_PROJECTS, MAX_ROOT_DEPTH, MAX_ROOT_ENTRIES } from '../limits.ts';
import { isPattern } from './pattern.ts';
import type { FoundProjects } from './projects.ts';

const PROJECT_PATHS: readonly string[] = CLIENTS.flatMap(
  ({ locations, sharedLocations = [], controlFiles = [] }) => [
    ...locations,
    ...sharedLocations,
    ...controlFiles,
  ],
)
  .filter((place) => place.base === 'project')
  .map(({ path }) => path);
/** `config/…`: a directory of a common name, which alone makes no project. */
const PLAIN_PATHS: readonly string[] = PROJECT_PATHS.filter(
  (path) => path.includes('/') && !path.startsWith('.') && !isPattern(path),
);
/** First segments of all other project configs: a directory that holds one of them is a project. */
const PROJECT_MARKS: ReadonlySet<string> = new Set(
  PROJECT_PATHS.filter((path) => !PLAIN_PATHS.includes(path))
    .map((path) => path.split('/', 1)[0] ?? '')
    .filter((mark) => !isPattern(mark))
    .map((mark) => mark.toLowerCase()),
);
const WORKSPACE_FILE = '.code-workspace';
const SKIPPED_DIRECTORIES: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** The projects below a configured root, the root itself included; breadth first, within bounds. */
export function projectsBelow(root: string): FoundProjects {
  const problems: Problem[] = [];
  const directories: string[] = [root];
  const queue: { readonly path: string; readonly depth: number }[] = [{ path: root, depth: 0 }];
  let entries = 0;
  for (const { path, depth } of queue) {
    const items = listDirectory(path, problems);
    entries += items.length;
    if (entries > MAX_ROOT_ENTRIES) {
      const message = `more than ${MAX_ROOT_ENTRIES} entries below this root; the rest is not looked at`;
      problems.push(problemOf(root, { code: 'INVENTORY_ROOT_TRUNCATED', message, at: null }));
      break;
    }
    if (path !== root && isProject(path, items)) directories.push(path);
    if (depth >= MAX_ROOT_DEPTH) continue;
    for (const item of items) {
      const isSkipped = SKIPPED_DIRECTORIES.has(item.name) || item.name.startsWith('.');
      if (item.isDirectory() && !isSkipped) queue.push({ path: join(path, item.name), depth: depth + 1 });
    }
  }
  if (directories.length > MAX_PROJECTS) {
    const message = `${directories.length} projects below this root; the first ${MAX_PROJECTS} are looked at`;
    problems.push(problemOf(root, { code: 'INVENTORY_TOO_MANY_PROJECTS', message, at: null }));
  }
  const source = `root:${root}`;
  const projects = directories.slice(0, MAX_PROJECTS).map((directory) => ({ directory, source }));
  return { projects, problems, files: [] };
}

function isProject(path: string, items: readonly Dirent[]): boolean {
  if (items.some((item) => isMark(item.name))) return true;
  return PLAIN_PATHS.some((plain) => {
    const first = plain.slice(0, plain.indexOf('/'));
    return items.some(({ name }) => name === first) && existsSync(join(path, plain));
  });
}

/** Compared without case: a variant spelling is worth a look, too. */
function isMark(name: string): boolean {
  const folded = name.toLowerCase();
  return PROJECT_MARKS.has(folded) || folded.endsWith(WORKSPACE_FILE);
}

function listDirectory(path: string, problems: Problem[]): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    const message = `cannot be listed: ${systemCode(error) || 'unknown error'}`;
    if (problems.length < MAX_PROBLEMS_PER_FILE)
      problems.push(problemOf(path, { code: 'INVENTORY_ROOT_UNREADABLE', message, at: null }));
    return [];
  }
}
