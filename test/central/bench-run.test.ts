import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench', 'central-load.mjs');

test('the bench of central runs, in small', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--experimental-strip-types',
    ...[BENCH, '--quick', '--only', 'held', '--connections', '40'],
  ]);
  assert.match(stdout, /^held: 40 live mTLS connections/m);
});
