import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isExposed } from '../../approval/index.ts';
import { AgentError } from '../errors.ts';

/**
 * Reads the enrolment token of this host, one line; null while there is none. It says which central to believe, so nobody else may be
 * able to write it. @throws {AgentError} AGENT_TOKEN_EXPOSED
 */
export async function readTokenFile(path: string): Promise<string | null> {
  let text: string;
  let exposed: string | undefined;
  try {
    exposed = [path, dirname(path)].find(isExposed);
    text = (await readFile(path, 'utf8')).trim();
  } catch {
    return null;
  }
  if (exposed === undefined) return text || null;
  throw new AgentError('AGENT_TOKEN_EXPOSED', `${exposed} could have been written by others`, {
    hint: `chmod go-w ${exposed}, and put a token there that others have not seen`,
  });
}
