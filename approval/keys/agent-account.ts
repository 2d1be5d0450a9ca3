import { readFileSync } from 'node:fs';
import { FIRST_PERSON_UID } from '../../inventory/index.ts';

/** The account that the agent of a host runs as where a package installed it. */
const AGENT_ACCOUNT = 'sealwatch';

let known: { readonly uid: number | null } | undefined;

/**
 * Uid of the account of the host's agent; null where it has none of its own. Only root can have made it: the file of
 * accounts is root's, and no uid of a person is believed. Read once.
 */
export function agentAccount(): number | null {
  known ??= { uid: accountIn('/etc/passwd') };
  return known.uid;
}

/** As `agentAccount`, of any file of accounts (passwd(5)). */
export function accountIn(passwd: string): number | null {
  let text: string;
  try {
    text = readFileSync(passwd, 'utf8');
  } catch {
    return null;
  }
  const line = text.split('\n').find((entry) => entry.startsWith(`${AGENT_ACCOUNT}:`));
  const digits = line?.split(':')[2] ?? '';
  const uid = /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
  return uid > 0 && uid < FIRST_PERSON_UID ? uid : null;
}
