import { expandPath } from './expand.ts';
import { readFlags, valuesOf } from './flags.ts';
import type { LaunchCall, Tracing } from './tracing.ts';

/** Where a runner works: the directory named behind its verb, else by one of these flags before it. */
export function workingDirectory(
  { place, set }: Tracing,
  { cwd, before }: LaunchCall,
  named: string | null,
  directoryFlags: readonly string[],
): string {
  const early = valuesOf(readFlags(before, { values: new Set(directoryFlags) }).flags, ...directoryFlags);
  const text = named ?? early.at(-1) ?? null;
  if (text === null) return cwd;
  const path = expandPath(text, cwd, place);
  if (path === null) set.addUnresolved(text, 'working directory depends on a variable that is not known');
  return path ?? cwd;
}
