import { isIP } from 'node:net';
import type { Alert } from '../../../wire/index.ts';
import type { FindingContext } from './ocsf.ts';

/** Last millisecond of the year 9999, behind which few receivers read a time. */
const LATEST_MS = 253_402_300_799_999;

/** The alert's own time in milliseconds since the epoch; that of receipt where its own is none. */
export function timeOf(alert: Alert, { receivedMs }: FindingContext): number {
  const parsed = Date.parse(alert.time);
  return parsed >= 0 && parsed <= LATEST_MS ? parsed : receivedMs;
}

/** A field of the event that rules saw, where it is a text. */
export function textField({ event }: Alert, name: string): string | undefined {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A field of the event, where it is a whole number, as number or as text. */
export function integerField({ event }: Alert, name: string): number | undefined {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

/** A process as several formats tell it; what is not known is undefined. */
export interface ProcessFacts {
  readonly pid: number | undefined;
  readonly image: string | undefined;
  readonly commandLine: string | undefined;
}

/** The acting process: the alert's actor, or that of the event. */
export function processOf(alert: Alert): ProcessFacts {
  const { actor } = alert;
  return {
    pid: actor?.pid ?? integerField(alert, 'ProcessId'),
    image: (actor?.exe || undefined) ?? textField(alert, 'Image'),
    commandLine: (actor?.cmdline || undefined) ?? textField(alert, 'CommandLine'),
  };
}

/** Its parent: from the ancestry, or that of the event. */
export function parentOf(alert: Alert): ProcessFacts {
  const { actor, ancestry } = alert;
  const parent = actor !== null && ancestry[0]?.pid === actor.pid ? ancestry[1] : ancestry[0];
  return {
    pid: parent?.pid ?? integerField(alert, 'ParentProcessId'),
    image: (parent?.exe || undefined) ?? textField(alert, 'ParentImage'),
    commandLine: (parent?.cmdline || undefined) ?? textField(alert, 'ParentCommandLine'),
  };
}

/** The file concerned: the changed artefact, or that of the event. */
export function pathOf(alert: Alert): string | undefined {
  return alert.change?.artefact.path || textField(alert, 'TargetFilename');
}

export interface DestinationFacts {
  readonly ip: string | undefined;
  readonly port: number | undefined;
  readonly domain: string | undefined;
}

/** Where a connection of the event goes. */
export function destinationOf(alert: Alert): DestinationFacts {
  const ip = textField(alert, 'DestinationIp');
  const port = integerField(alert, 'DestinationPort');
  return {
    // A zone is of the host that knows the link, and no receiver takes it.
    ip: ip !== undefined && isIP(ip) !== 0 ? ip.replace(/%.*$/, '') : undefined,
    port: port !== undefined && port >= 0 && port <= 65_535 ? port : undefined,
    domain: textField(alert, 'DestinationHostname'),
  };
}

/** One line that says what happened where. */
export function messageOf({ rule, server }: Alert): string {
  return server === null ? rule.title : `${rule.title}: ${server.name}`;
}

/** Rules whose hit means that something was denied; every other hit was only observed. */
const DENIALS = new Set(['mcp_call_denied']);

export function isDenial({ rule }: Alert): boolean {
  return DENIALS.has(rule.name);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

const SHA_256 = /^[0-9a-f]{64}$/;
/** Roles whose digest is that of the file's bytes; the others are digests of an entry, a tree or an image. */
const DIGEST_OF_BYTES = new Set(['executable', 'interpreter', 'script', 'helper', 'lockfile', 'env-file']);

/** Whether a digest of an artefact in this role is the SHA-256 of its file's bytes. */
export function isFileDigest(role: string, digest: string): boolean {
  return SHA_256.test(digest) && DIGEST_OF_BYTES.has(role);
}
