import {
  type ConfigObject,
  type DiscoveredServer,
  type GuardAcceptance,
  readGuardedEntry,
  redactArgs,
  type WrittenEntry,
} from '../../inventory/index.ts';

/** Why an entry is left as it is, and what could be done about it. */
export interface Unfit {
  readonly reason: string;
  readonly hint: string | null;
  /** Nothing is started from it either way. */
  readonly isIdle: boolean;
}

/** Members by which a client proves to a remote server who it is; behind the guard it would do so no more. */
const CREDENTIAL_KEY = /header|auth|token|bearer|secret|credential|password|api_?key|requestInit/i;
const REMOTE_URL = /^https?:\/\//i;
/** Directories of what a client fetched itself, and replaces with the next version. */
const FETCHED = /(?:^|\/)(?:plugins|powers|extensions|Claude Extensions)\//;

/** Why nothing in this file can be edited; null where it can. */
export function unfitFile({ location }: WrittenEntry): Unfit | null {
  if (location.embedded !== undefined)
    return unfit('its config is embedded in another file', 'wrap it where that file is made');
  if (location.format === 'plist')
    return unfit('its config is a property list', 'wrap it where device management sets it');
  if (location.settings !== undefined || (FETCHED.test(location.path) && location.path.includes('*')))
    return unfit(
      'its config belongs to an extension or plugin, whose next version replaces it',
      'put the server into a config of your own and turn the extension off',
    );
  return null;
}

/** Why the guard cannot stand in front of an entry; null where it can. */
export function unfitEntry(
  { server }: DiscoveredServer,
  raw: ConfigObject,
  accepted: GuardAcceptance,
): Unfit | null {
  const guarded = readGuardedEntry(raw);
  if (guarded !== null && accepted.isGuard(guarded.guard))
    return unfit(
      'it starts the guard under another name, config or state directory',
      '`sealwatch unwrap` it first',
    );
  if (guarded !== null)
    return unfit('it starts the guard of another installation', 'unwrap it with that installation');
  if (server.command !== null && accepted.isGuard(server.command))
    return unfit('it starts the guard with words that `wrap` does not write', 'restore the entry by hand');
  if (server.disabled === true)
    return { ...unfit('it is disabled', 'enable it in the client first'), isIdle: true };
  return server.command === null && server.url !== null ? unfitRemote(raw, server.url) : null;
}

function unfitRemote(raw: ConfigObject, url: string): Unfit | null {
  const key = Object.keys(raw).find((name) => CREDENTIAL_KEY.test(name));
  if (key !== undefined)
    return unfit(
      `the client proves itself with ${JSON.stringify(key)}, which the guard would have to carry`,
      'let the approval fill headers from a command or file (docs/policy.md) and take it out of the entry',
    );
  if (holdsSecret(url))
    return unfit(
      'its url holds a secret, which would stand in the list of processes',
      'let the approval fill a header from a command or file (docs/policy.md)',
    );
  return REMOTE_URL.test(url) ? null : unfit('its url is neither http nor https', null);
}

function holdsSecret(url: string): boolean {
  const names = [...url.matchAll(/[?&]([^=&#]{1,200})=/g)].map(([, name = '']) => name);
  const isOfPerson = /^[^/?#]*\/\/[^/?#]*@/.test(url);
  return (
    isOfPerson || names.some((name) => CREDENTIAL_KEY.test(name)) || redactArgs([url], 'show')[0] !== url
  );
}

export function unfit(reason: string, hint: string | null): Unfit {
  return { reason, hint, isIdle: false };
}
