import type { Entry } from '../../../guard/evidence/journal.ts';
import { journalFile } from '../../../wire/index.ts';

/** Names in front of the server of `known()`. */
export const SERVER = {
  id: '0123456789abcdef',
  client: 'claude-code',
  name: 'files',
  state: 'approved',
} as const;

/** A call that a guard refused. */
export function denied(
  target: string,
  server: Entry['server'] = SERVER,
): Extract<Entry, { readonly kind: 'call' }> {
  return {
    server,
    kind: 'call',
    method: 'tools/call',
    target,
    outcome: 'refused',
    code: 'DENIED_TOOL',
    reason: 'the policy names no such tool',
    arguments: 'a'.repeat(64),
  };
}

/** A line as a guard of this pid writes it. */
export function line(entry: Entry, guard: number, time = Date.now()): string {
  return `${JSON.stringify({ v: 1, time, guard, ...entry })}\n`;
}

/** A pid that no process has: one above what Linux gives (proc_sys_kernel(5), pid_max). */
export const GONE = 4_194_305;

const BEGAN = Date.now();

/** Name of a journal file of a guard. */
export function fileOf(pid: number, part = 0, began = BEGAN): string {
  return journalFile({ began, pid, nonce: 'abcdef01', part });
}
