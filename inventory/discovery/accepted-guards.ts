import { isAbsolute } from 'node:path';
import { realPathOf } from '../closure/launch/find-executable.ts';
import type { GuardAcceptance } from '../config/seen-entry.ts';

/**
 * Takes a command for the guard where it is an absolute path that resolves to one of these, and a state directory
 * where it is this one, as written. Each command is resolved once.
 */
export function acceptedGuards(guards: readonly string[], stateDir: string | undefined): GuardAcceptance {
  const real = new Set(guards.flatMap((path) => realPathOf(path) ?? []));
  const known = new Map<string, boolean>();
  return {
    isGuard: (command) => {
      const answer = known.get(command) ?? isOneOf(command, real);
      known.set(command, answer);
      return answer;
    },
    isStateDir: (directory) => directory === stateDir,
  };
}

function isOneOf(command: string, real: ReadonlySet<string>): boolean {
  return real.size > 0 && isAbsolute(command) && real.has(realPathOf(command) ?? '');
}
