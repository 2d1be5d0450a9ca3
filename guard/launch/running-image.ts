import { readlinkSync, statSync } from 'node:fs';
import type { Artefact } from '../../wire/index.ts';
import { WRITABLE_BY_OTHERS } from '../file-mode.ts';

/**
 * What a process runs that should not be running; null where it is what was approved, or cannot be told. Programs of the
 * system are on the way to many servers (`#!/usr/bin/env node`), and nobody but root has put them there.
 */
export function strangeImage(pid: number, path: string, artefacts: readonly Artefact[]): string | null {
  const exe = imageOf(pid);
  if (exe === null) return null;
  const sealed = artefacts.filter(({ role }) => role === 'executable' || role === 'interpreter');
  if (isSystems(exe.link)) return null;
  const asked = sameFile(exe.link, path) || sealed.some((artefact) => sameFile(exe.link, artefact.path));
  return asked && !exe.path.endsWith(' (deleted)') ? null : exe.path;
}

/** The image of a process: its path, and the link by which the very file is reached (proc(5), /proc/PID/exe). */
function imageOf(pid: number): { readonly path: string; readonly link: string } | null {
  const link = `/proc/${pid}/exe`;
  try {
    return { path: readlinkSync(link), link };
  } catch {
    return null;
  }
}

function isSystems(link: string): boolean {
  try {
    const { uid, mode } = statSync(link);
    return uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;
  } catch {
    return false;
  }
}

function sameFile(a: string, b: string): boolean {
  try {
    const [left, right] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
    return left.dev === right.dev && left.ino === right.ino;
  } catch {
    return false;
  }
}
