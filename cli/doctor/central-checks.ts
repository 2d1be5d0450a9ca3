import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { type AgentConfig, AgentError, askAuthority, readEnrolmentToken } from '../../agent/index.ts';
import type { CauseCode } from './causes.ts';
import { type Check, unseen, well, wrong } from './check.ts';
import { tokenPath } from './place-checks.ts';
import { isForbidden } from './surroundings.ts';

/** Milliseconds that central may take to answer. */
const CENTRAL_ANSWER_MS = 5_000;
/** Port of `wss://` where none is named. */
const HTTPS_PORT = 443;
/** Share of its life that is left when a certificate should have been renewed for long: that is done at half. */
const LATE_SHARE = 0.25;
const MAX_CHAIN = 8;

/** What OpenSSL says of a certificate (X509_STORE_CTX_get_error(3)), where another cause than the authority is behind it. */
const TLS_CODES: Readonly<Record<string, CauseCode>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'central-other-name',
  CERT_HAS_EXPIRED: 'central-certificate-expired',
  CERT_NOT_YET_VALID: 'central-certificate-expired',
};
const NETWORK_CODES: Readonly<Record<string, CauseCode>> = {
  ENOTFOUND: 'central-unresolved',
  EAI_AGAIN: 'central-unresolved',
  EPROTO: 'central-no-tls',
};

/** Whether central can be reached from here, is the one that this host trusts, and how long it trusts this host. */
export async function centralChecks(config: AgentConfig, now: number): Promise<readonly Check[]> {
  const directory = join(config.state_dir, 'enrolment');
  return [await reachCheck(config, directory), certificateCheck(directory, now)];
}

async function reachCheck(config: AgentConfig, directory: string): Promise<Check> {
  const name = 'central';
  const { url } = config.central;
  const authority = textOrFault(join(directory, 'ca.pem'));
  if (authority.text !== null) return await tlsCheck(url, authority.text);
  const token = readEnrolmentToken(textOrFault(tokenPath(config)).text ?? '');
  if (token === null) return await tlsCheck(url, null);
  try {
    await askAuthority(url, token, AbortSignal.timeout(CENTRAL_ANSWER_MS));
    return well(name, `${url} answers, and is the central that the token names`);
  } catch (error) {
    if (!(error instanceof AgentError)) return faultCheck(url, error);
    return wrong(name, 'central-not-pinned', `${url}: ${error.message}`, error.hint);
  }
}

/** Connects as the agent does; without an authority it is only known that somebody answers. */
function tlsCheck(url: string, ca: string | null): Promise<Check> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: port === '' ? HTTPS_PORT : Number(port),
      // It is looked at what is wrong; nothing is sent.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === null ? {} : { ca }),
    });
    const end = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    const slow = setTimeout(
      () =>
        end(wrong('central', 'central-unreachable', `${url} does not answer within ${CENTRAL_ANSWER_MS} ms`)),
      CENTRAL_ANSWER_MS,
    );
    socket.on('close', () => clearTimeout(slow));
    socket.on('error', (error) => end(faultCheck(url, error)));
    socket.on('secureConnect', () => end(shownCheck(url, socket, ca)));
  });
}

function faultCheck(url: string, error: unknown): Check {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const cause =
    NETWORK_CODES[code] ?? (code.startsWith('ERR_SSL') ? 'central-no-tls' : 'central-unreachable');
  return wrong('central', cause, `${url}: ${error instanceof Error ? error.message : String(error)}`);
}

function shownCheck(url: string, socket: TLSSocket, ca: string | null): Check {
  const name = 'central';
  if (ca === null) {
    return unseen(
      name,
      `${url} answers; which central it must be cannot be told without its authority or a token`,
    );
  }
  const shown = socket.getPeerCertificate(true);
  if (socket.authorized) return well(name, `${url} answers, by the authority that this host trusts`);
  // Typed as an error, it is a word of OpenSSL.
  const code = String(socket.authorizationError);
  const cause = TLS_CODES[code] ?? 'central-not-pinned';
  return wrong(name, cause, `${url}: ${code}: ${differenceOf(cause, shown, ca)}`);
}

/** What was shown, and what was wanted. */
function differenceOf(cause: CauseCode, shown: DetailedPeerCertificate, ca: string): string {
  if (cause === 'central-other-name') return `the certificate is for ${shown.subjectaltname ?? 'no name'}`;
  if (cause === 'central-certificate-expired')
    return `it is good from ${shown.valid_from} until ${shown.valid_to}`;
  let top = shown;
  for (let depth = 0; depth < MAX_CHAIN; depth += 1) {
    const issuer = top.issuerCertificate;
    if (issuer === undefined || issuer === top || issuer.fingerprint256 === top.fingerprint256) break;
    top = issuer;
  }
  const issuer = shown.issuer?.CN ?? 'nobody';
  return `issued by ${issuer} (top of the chain ${pinOf(top.raw)}), trusted is ${pinOf(ca)}`;
}

/** As a token names an authority: base64url SHA-256 of its public key. */
function pinOf(certificate: Buffer | string): string {
  try {
    const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('base64url');
  } catch {
    return 'unreadable';
  }
}

function certificateCheck(directory: string, now: number): Check {
  const name = 'certificate';
  try {
    const names = readdirSync(directory).filter((file) => file.endsWith('.pem') && file !== 'ca.pem');
    const [file] = names;
    if (file === undefined) return well(name, 'none yet');
    const { validFromDate: from, validToDate: to } = new X509Certificate(readFileSync(join(directory, file)));
    const detail = `good from ${from.toISOString()} until ${to.toISOString()}`;
    if (to.getTime() <= now) return wrong(name, 'certificate-expired', detail);
    const isLate = to.getTime() - now < (to.getTime() - from.getTime()) * LATE_SHARE;
    return isLate ? wrong(name, 'certificate-ending', detail) : well(name, detail);
  } catch (error) {
    return isForbidden(error) ? unseen(name, `${directory}: you may not look`) : well(name, 'none yet');
  }
}

function textOrFault(path: string): { readonly text: string | null } {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch {
    return { text: null };
  }
}
