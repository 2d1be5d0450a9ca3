import type { Artefact } from '../wire/index.ts';
import { printable } from './output.ts';

/** Packages that are listed one by one; a server of some size depends on a hundred. */
const MAX_LISTED_PACKAGES = 5;

/** Artefacts for people, one a line; most packages as one line at the end. */
export function closureLines(
  artefacts: readonly Artefact[],
  columns: (artefact: Artefact) => readonly string[] = () => [],
): readonly string[] {
  const packages = artefacts.filter(({ role }) => role === 'package');
  const folded = new Set(packages.length > MAX_LISTED_PACKAGES ? packages.slice(MAX_LISTED_PACKAGES) : []);
  const lines = artefacts
    .filter((artefact) => !folded.has(artefact))
    .map((artefact) => {
      const digest = artefact.sha256?.slice(0, 16) ?? `unresolved: ${printable(artefact.reason ?? '')}`;
      return [artefact.role.padEnd(12), ...columns(artefact), digest, printable(artefact.path)].join('  ');
    });
  if (folded.size === 0) return lines;
  return [...lines, `${'package'.padEnd(12)}  and ${folded.size} more, listed by show --json`];
}
