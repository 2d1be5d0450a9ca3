import { readFileSync, readlinkSync, type Stats } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { holdPath } from './held-path.ts';

const S_IWGRP = 0o020;
const S_IWOTH = 0o002;
/** Under these names alone a socket of root is asked: others are not engines, and a server may name any path. */
const ENGINE_NAME = /^(?:docker|podman|nerdctl|engine)[\w.-]*\.sock$/;

/** Who runs a client of an engine, as /proc/PID/status tells it. */
export interface Credentials {
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
}

/** An engine's socket held open, so that what is connected to is what was looked at. */
export interface EngineSocket {
  /** Path under /proc/self/fd, for connect(2). */
  readonly path: string;
  readonly owner: number;
  close(): void;
}

export function credentialsOf(pid: number, procRoot = '/proc'): Credentials | null {
  try {
    const status = readFileSync(`${procRoot}/${pid}/status`, 'utf8');
    const words = (name: string) =>
      new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1]?.trim().split(/\s+/) ?? [];
    const uid = Number(words('Uid')[1] ?? Number.NaN);
    if (!Number.isInteger(uid)) return null;
    return { uid, groups: new Set([...words('Groups'), words('Gid')[1] ?? ''].filter(Boolean).map(Number)) };
  } catch {
    return null;
  }
}

/**
 * Opens a path that a client of an engine may have connected to. Null where it is no socket, where it is neither
 * root's nor the client's own, where root's has no engine's name, or where the client may not connect itself: who is
 * refused by the engine must not learn through us which containers there are, nor have one of them taken for his.
 */
export function openEngineSocket(path: string, client: Credentials): EngineSocket | null {
  const held = isAbsolute(path) ? holdPath(path) : null;
  if (held === null) return null;
  // The path that it has, not one of a link that leads to it.
  if (isAllowed(readlinkSync(held.path), held.stat, client))
    return { path: held.path, owner: held.stat.uid, close: held.close };
  held.close();
  return null;
}

function isAllowed(path: string, stat: Stats, client: Credentials): boolean {
  if (!stat.isSocket()) return false;
  if (stat.uid === client.uid) return client.uid !== 0 || ENGINE_NAME.test(basename(path));
  if (stat.uid !== 0 || !ENGINE_NAME.test(basename(path))) return false;
  return (stat.mode & S_IWOTH) !== 0 || ((stat.mode & S_IWGRP) !== 0 && client.groups.has(stat.gid));
}
