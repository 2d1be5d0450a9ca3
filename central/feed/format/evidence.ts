import type { Alert, AlertChange, Ancestor } from '../../../wire/index.ts';
import { baseName, destinationOf, integerField, isFileDigest, textField } from './facts.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

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
/** Characters of OCSF's `ip_t`. */
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
  if (isFileDigest(role, value)) return { algorithm_id: 3, algorithm: 'SHA-256', value };
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

function processOfEvent(alert: Alert): JsonObject | undefined {
  const pid = integerField(alert, 'ProcessId');
  if (pid === undefined) return undefined;
  const image = textField(alert, 'Image');
  const user = textField(alert, 'User');
  return {
    pid,
    ...present({
      name: image === undefined ? undefined : baseName(image),
      cmd_line: textField(alert, 'CommandLine'),
      working_directory: textField(alert, 'CurrentDirectory'),
      file: image === undefined ? undefined : fileOf(image, 1),
      user: user === undefined ? undefined : { name: user },
    }),
  };
}

function endpointOfEvent(alert: Alert): JsonObject | undefined {
  const { ip, port, domain } = destinationOf(alert);
  const isShort = ip !== undefined && ip.length <= MAX_IP_CHARACTERS;
  const endpoint = present({ ip: isShort ? ip : undefined, hostname: domain });
  if (Object.keys(endpoint).length === 0) return undefined;
  return { ...endpoint, ...present({ port }) };
}

/** What the alert shows: the event that the rule matched, the changed file, the user concerned. */
export function evidencesOf(alert: Alert): readonly JsonObject[] {
  const target = textField(alert, 'TargetFilename');
  const event = {
    name: 'event',
    data: alert.event,
    ...present({
      process: processOfEvent(alert),
      file: target === undefined ? undefined : fileOf(target, 0),
      dst_endpoint: endpointOfEvent(alert),
      user: alert.user === '' ? undefined : { name: alert.user },
    }),
  };
  return [event, ...changeEvidence(alert.change)];
}
