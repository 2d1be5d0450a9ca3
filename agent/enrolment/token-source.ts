import { readFile } from 'node:fs/promises';
import { MANAGED_PREFERENCES, managedToken } from '../config-sources.ts';
import { AgentError } from '../errors.ts';

/**
 * The enrolment token of this host as it stands now: that of the managed preferences, else the one line of its file.
 * Null while there is none; either may come long after the agent was started.
 */
export async function readEnrolmentSource(
  file: string,
  managed: string | null = MANAGED_PREFERENCES,
): Promise<string | null> {
  const given = managed === null ? null : managedOrNone(managed);
  if (given !== null) return given;
  try {
    return (await readFile(file, 'utf8')).trim() || null;
  } catch {
    return null;
  }
}

/** Preferences that cannot be used are told when the config is read; until they can, the file counts. */
function managedOrNone(managed: string): string | null {
  try {
    return managedToken(managed);
  } catch (error) {
    if (error instanceof AgentError) return null;
    throw error;
  }
}
