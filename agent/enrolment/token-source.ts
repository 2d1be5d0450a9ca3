import { MANAGED_PREFERENCES, managedToken } from '../config-sources.ts';
import { AgentError } from '../errors.ts';
import { readTokenFile } from './token-file.ts';

/**
 * The enrolment token of this host as it stands now: that of the managed preferences, else the one line of its file.
 * Null while there is none; either may come long after the agent was started. @throws {AgentError} AGENT_TOKEN_EXPOSED
 */
export async function readEnrolmentSource(
  file: string,
  managed: string | null = MANAGED_PREFERENCES,
): Promise<string | null> {
  const given = managed === null ? null : managedOrNone(managed);
  return given ?? (await readTokenFile(file));
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
