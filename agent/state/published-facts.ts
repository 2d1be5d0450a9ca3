import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_FACTS_FILE, type HostFacts } from '../../wire/index.ts';
import { AgentError } from '../errors.ts';

/** What lets everybody pass a directory, without listing it. */
const PASSABLE = 0o111;

/**
 * Tells the guards of this host how to judge, whole or not at all. Guards run as other users: root's state directory
 * becomes passable, and what is secret in it has modes of its own. @throws {AgentError}
 */
export function publishHostFacts(stateDir: string, facts: HostFacts): void {
  const path = join(stateDir, HOST_FACTS_FILE);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const { mode } = statSync(stateDir);
    if (process.geteuid?.() === 0 && (mode & PASSABLE) !== PASSABLE)
      chmodSync(stateDir, (mode & 0o7777) | PASSABLE);
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o644);
    try {
      // Whatever the umask is.
      chmodSync(temporary, 0o644);
      writeSync(file, `${JSON.stringify(facts)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('AGENT_STATE_UNUSABLE', `${path} cannot be written: ${reason}`, { cause });
  }
}
