import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { KeySource } from '../approval/index.ts';
import type { HostUser } from '../inventory/index.ts';

/** Where the parts of this installation lie. */
export interface Installation {
  readonly root: string;
  readonly version: string;
  /** The rule pack that comes with Sealwatch. */
  readonly rules: string;
  /** The kernel sensor; null where it was not built. */
  readonly sensor: string | null;
  /** The program that starts guarded servers; null where it was not built. */
  readonly launcher: string | null;
  /** The program that passes messages of guarded servers; null where it was not built. */
  readonly relay: string | null;
}

/** Finds the installation that this file belongs to, built or not. */
export function findInstallation(): Installation {
  const root = installationRoot();
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  return {
    root,
    version: manifest.version,
    rules: join(root, 'rules', 'mcp'),
    sensor: built(root, 'sensor', 'sealwatch-sensor'),
    launcher: findLauncher(root),
    relay: built(root, 'guard', 'sealwatch-relay'),
  };
}

/** The launcher of the installation at `root`; null where it was not built: no Linux, or no compiler. */
export function findLauncher(root: string): string | null {
  return built(root, 'guard', 'sealwatch-launcher');
}

/** A program that the set-up builds where it can; null where it did not. */
function built(root: string, part: string, name: string): string | null {
  const path = join(root, 'dist', part, name);
  return existsSync(path) ? path : null;
}

/** The program of this installation that stands in configs as the guard. */
export function guardPath(): string {
  return join(installationRoot(), 'bin', 'sealwatch');
}

function installationRoot(): string {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'rules', 'mcp')) && root !== dirname(root)) root = dirname(root);
  return root;
}

/** The state directory of the host's own agent. */
export const HOST_STATE_DIR = '/var/lib/sealwatch';

/** The state directory where none is named: of the host for root, else of the user (XDG base directories). */
export function defaultStateDir(env: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return HOST_STATE_DIR;
  const base = env['XDG_STATE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.local', 'state') : base, 'sealwatch');
}

/** The state directory that a program of this user takes where nothing names another. */
export function stateDirOf({ uid, home }: HostUser): string {
  return uid === 0 ? HOST_STATE_DIR : join(home, '.local', 'state', 'sealwatch');
}

/** The host's trust roots, which alone count where the directory exists: what a fleet's management writes. */
export const SYSTEM_TRUST = '/etc/sealwatch/trust';

/** Where keys and trust roots are looked for. */
export function keySource(stateDir: string): KeySource {
  return { stateDir, systemDirectory: SYSTEM_TRUST, agentSocket: process.env['SSH_AUTH_SOCK'] };
}
