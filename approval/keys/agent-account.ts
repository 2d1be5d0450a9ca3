import { readFileSync } from 'node:fs';

/** The account that the agent of a host runs as where a package installed it. */
const AGENT_ACCOUNT = 'sealwatch';
/** Accounts of services lie below (login.defs(5), SYS_UID_MAX). */
const FIRST_PERSON_UID = 1_000;

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
  const uid = Number(line?.split(':')[2] || Number.NaN);
  return Number.isSafeInteger(uid) && uid > 0 && uid < FIRST_PERSON_UID ? uid : null;
}
