import { isIP } from 'node:net';
import type { Alert, AlertChange, Ancestor, FieldValue } from '../../wire/index.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

const SHA_256 = /^[0-9a-f]{64}$/;
/** OCSF `file.type_id` of an artefact's role; 0 where a role may be a file or not. */
const FILE_TYPES: ReadonlyMap<string, number> = new Map([
  ['config', 1],
  ['executable', 1],
  ['interpreter', 1],
  ['script', 1],
  ['helper', 1],
  ['lockfile', 1],
  ['env-file', 1],
  ['package', 2],
]);
/** Roles whose digest is that of the file's bytes; the others are digests of an entry, a tree or an image. */
const DIGEST_OF_BYTES = new Set(['executable', 'interpreter', 'script', 'helper', 'lockfile', 'env-file']);

/** Characters of OCSF's `ip_t`; a zone can make an address longer. */
const MAX_IP_CHARACTERS = 40;

/** The entries that have a value. */
export function present(fields: { readonly [key: string]: Json | undefined }): JsonObject {
  const kept = Object.entries(fields).filter((entry): entry is [string, Json] => {
    const value = entry[1];
    return (
      value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
    );
  });
  return Object.fromEntries(kept);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function fileOf(path: string, typeId: number, more: JsonObject = {}): JsonObject {
  return { name: baseName(path), path, type_id: typeId, ...more };
}

function ancestorOf(ancestor: Ancestor): JsonObject {
  return {
    pid: ancestor.pid,
    uid: `${ancestor.pid}-${ancestor.start}`,
    ...present({ name: baseName(ancestor.exe), path: ancestor.exe, cmd_line: ancestor.cmdline }),
  };
}

function parentOf(ancestor: Ancestor): JsonObject {
  return {
    pid: ancestor.pid,
    uid: `${ancestor.pid}-${ancestor.start}`,
    ...present({
      name: baseName(ancestor.exe),
      cmd_line: ancestor.cmdline,
      file: ancestor.exe === '' ? undefined : fileOf(ancestor.exe, 1),
      user: ancestor.user === '' ? undefined : { name: ancestor.user },
    }),
  };
}

/** OCSF actor (profile `host`): the process with its parent and ancestry; null where it is not known. */
export function actorOf(alert: Alert): JsonObject | null {
  const { actor } = alert;
  if (actor === null) return null;
  const above = alert.ancestry[0]?.pid === actor.pid ? alert.ancestry.slice(1) : alert.ancestry;
  const user = alert.user === '' ? undefined : { name: alert.user };
  const process = {
    pid: actor.pid,
    ...present({
      name: baseName(actor.exe),
      cmd_line: actor.cmdline,
      file: actor.exe === '' ? undefined : fileOf(actor.exe, 1),
      user,
      parent_process: above[0] === undefined ? undefined : parentOf(above[0]),
      ancestry: above.map(ancestorOf),
    }),
  };
  return { process, ...present({ user }) };
}

function hashOf(role: string, value: string): JsonObject {
  if (SHA_256.test(value) && DIGEST_OF_BYTES.has(role))
    return { algorithm_id: 3, algorithm: 'SHA-256', value };
  return { algorithm_id: 99, algorithm: `Sealwatch digest of ${role || 'artefact'}`, value };
}

function sideOf(change: AlertChange, side: 'before' | 'after'): JsonObject {
  const { role, path } = change.artefact;
  const value = change[side];
  const gone = side === 'after' && value === null && change.before !== null;
  return {
    name: side,
    file: fileOf(path, FILE_TYPES.get(role) ?? 0, {
      ...present({ hashes: value === null || value === '' ? undefined : [hashOf(role, value)] }),
      ...(gone ? { is_deleted: true } : {}),
    }),
    data: { role, ...(side === 'after' && change.diff !== null ? { diff: change.diff } : {}) },
  };
}

/** The file before (where there was one) and after a change. */
function changeEvidence(change: AlertChange | null): readonly JsonObject[] {
  if (change === null) return [];
  const after = sideOf(change, 'after');
  return change.before === null ? [after] : [sideOf(change, 'before'), after];
}

function textField(event: Alert['event'], name: string): string | undefined {
  const value: FieldValue | undefined = Object.hasOwn(event, name) ? event[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function integerField(event: Alert['event'], name: string): number | undefined {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function processOfEvent(event: Alert['event']): JsonObject | undefined {
  const pid = integerField(event, 'ProcessId');
  if (pid === undefined) return undefined;
  const image = textField(event, 'Image');
  const user = textField(event, 'User');
  return {
    pid,
    ...present({
      name: image === undefined ? undefined : baseName(image),
      cmd_line: textField(event, 'CommandLine'),
      working_directory: textField(event, 'CurrentDirectory'),
      file: image === undefined ? undefined : fileOf(image, 1),
      user: user === undefined ? undefined : { name: user },
    }),
  };
}

function endpointOfEvent(event: Alert['event']): JsonObject | undefined {
  const address = textField(event, 'DestinationIp');
  const endpoint = present({
    ip:
      address !== undefined && address.length <= MAX_IP_CHARACTERS && isIP(address) !== 0
        ? address
        : undefined,
    hostname: textField(event, 'DestinationHostname'),
  });
  if (Object.keys(endpoint).length === 0) return undefined;
  const port = integerField(event, 'DestinationPort');
  const isPort = port !== undefined && port >= 0 && port <= 65_535;
  return { ...endpoint, ...present({ port: isPort ? port : undefined }) };
}

/** What the alert shows: the event that the rule matched, the changed file, the user concerned. */
export function evidencesOf(alert: Alert): readonly JsonObject[] {
  const target = textField(alert.event, 'TargetFilename');
  const event = {
    name: 'event',
    data: alert.event,
    ...present({
      process: processOfEvent(alert.event),
      file: target === undefined ? undefined : fileOf(target, 0),
      dst_endpoint: endpointOfEvent(alert.event),
      user: alert.user === '' ? undefined : { name: alert.user },
    }),
  };
  return [event, ...changeEvidence(alert.change)];
}
