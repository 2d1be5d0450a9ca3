import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export { program } from '../../compiled-program.ts';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Prepared {
  readonly state: 'built' | 'current' | 'unavailable';
  readonly path: string | null;
  readonly reason: string | null;
}

interface PrepareOptions {
  readonly root: string;
  readonly out?: string;
  readonly log?: string;
  readonly mayInstall?: boolean;
}

/** scripts/setup/sensor.mjs: plain JavaScript without types. */
export async function prepareSensor(options: PrepareOptions): Promise<Prepared> {
  const module = await import(pathToFileURL(join(root, 'scripts', 'setup', 'sensor.mjs')).href);
  return module.prepareSensor(options);
}

const isRoot = process.getuid?.() === 0;
const prepared = await prepareSensor({ root, mayInstall: isRoot });

/** Path of the built sensor; empty where `skip` says why there is none that could run. */
export const sensorPath = prepared.path ?? '';
export const skip: string | false =
  prepared.path === null
    ? (prepared.reason ?? 'unavailable')
    : isRoot
      ? false
      : 'the kernel sensor needs root';
