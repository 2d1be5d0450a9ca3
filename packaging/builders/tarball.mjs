// Archives that are the same bytes whoever makes them.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from './program.mjs';

const GZIP_LEVELS = { best: 9, fast: 1 };

/** Writes the directory `name` of `work` as `out`/`name`.tar.gz and gives the file name. */
export function buildTarball({ name, work, out, epoch, speed }) {
  const tar = join(work, `${name}.tar`);
  const same = [
    '--sort=name',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
  ];
  run('tar', [...same, '-cf', tar, '-C', work, name]);
  const file = `${name}.tar.gz`;
  writeFileSync(join(out, file), gzipSync(readFileSync(tar), { level: GZIP_LEVELS[speed] }));
  return file;
}
