import { GuardError } from '../errors.ts';

/** Hosts of this machine (RFC 6761, section 6.3; RFC 6890), as the URL parser writes them. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads the url of a remote server. Plain http is taken to this machine only, unless `allowPlaintext`: anybody on the way
 * could read the headers and answer in the server's place.
 * @throws {GuardError} `GUARD_REMOTE_URL_REFUSED`
 */
export function readRemoteUrl(text: string, allowPlaintext: boolean): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw refused('the url of the remote server is no http or https url');
  if (url.username !== '' || url.password !== '')
    throw refused(
      'the url of the remote server holds a name or password',
      'give them as a header of the policy',
    );
  if (url.protocol === 'http:' && !isLoopback(url) && !allowPlaintext)
    throw refused(`the remote server ${url.host} is asked over plain http`, 'use https');
  return url;
}

/** Whether what is sent there can be read on the way. */
export function isPlaintext(url: URL): boolean {
  return url.protocol === 'http:' && !isLoopback(url);
}

function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.test(hostname);
}

function refused(message: string, hint?: string): GuardError {
  return new GuardError('GUARD_REMOTE_URL_REFUSED', message, hint === undefined ? {} : { hint });
}
