import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Applets of busybox that are there by name. */
const APPLETS = ['sh', 'cat', 'echo', 'ls', 'sleep', 'readlink', 'id', 'env', 'true'] as const;

/** A server that runs each line of its stdin in a shell of its own, and says so at the end. */
const SERVER = `#!/bin/sh
while IFS= read -r line; do
  sh -c "$line" </dev/null
  echo done
done
`;

/** The whole root of a small container: a static busybox and the server at /srv/server.sh. */
export function makeRoot(directory: string): string {
  for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'etc', 'srv'])
    mkdirSync(join(directory, name), { recursive: true });
  const busybox = spawnSync('which', ['busybox'], { encoding: 'utf8' }).stdout.trim();
  copyFileSync(busybox, join(directory, 'bin', 'busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(directory, 'bin', applet));
  writeFileSync(join(directory, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  writeFileSync(join(directory, 'etc', 'group'), 'root:x:0:\n');
  writeFileSync(join(directory, 'srv', 'server.sh'), SERVER);
  chmodSync(join(directory, 'srv', 'server.sh'), 0o755);
  return directory;
}

/** The same as a tar archive, as engines import it. */
export function archiveOf(root: string, archive: string): string {
  const { status, stderr } = spawnSync('tar', ['-C', root, '-cf', archive, '.'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  return archive;
}
