import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRoot } from './root-file-system.ts';

/** A bundle for `runc run`: a root file system, and a config that runs the server in it without a terminal. */
export function makeBundle(directory: string, cgroupsPath: string): string {
  makeRoot(join(directory, 'rootfs'));
  const { status, stderr } = spawnSync('runc', ['spec', '--bundle', directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`runc spec: ${stderr}`);
  const path = join(directory, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  config.process = { ...config.process, terminal: false, args: ['/srv/server.sh'] };
  config.linux.cgroupsPath = cgroupsPath;
  writeFileSync(path, JSON.stringify(config));
  return directory;
}
