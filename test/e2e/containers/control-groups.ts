import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Mount points of control group hierarchies, old and unified. */
function hierarchies(): readonly string[] {
  const fields = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return fields
    .map((line) => line.split(' '))
    .flatMap(([, at, type]) => (/^cgroup2?$/.test(type ?? '') && at ? [at] : []));
}

/** Removes what is empty of a control group with its children; the kernel refuses the rest. */
function removeEmpty(directory: string): void {
  try {
    for (const each of readdirSync(directory, { withFileTypes: true }))
      if (each.isDirectory()) removeEmpty(join(directory, each.name));
    rmdirSync(directory);
  } catch {
    // In use, or gone.
  }
}

/** Engines leave the control groups above their containers: gives what removes those that are not there yet. */
export function controlGroupsToRemove(...names: readonly string[]): () => void {
  const fresh = hierarchies()
    .flatMap((at) => names.map((name) => join(at, name)))
    .filter((path) => !existsSync(path));
  return () => fresh.forEach(removeEmpty);
}
