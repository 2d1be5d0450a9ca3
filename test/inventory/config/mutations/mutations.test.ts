import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { CONFIG_FORMATS } from '../../../../inventory/config/document.ts';

const CONFIGS_PER_FORMAT = 200_000;
/** Another seed makes other configs; a failure prints the seed and the config that it failed on. */
const SEED = Number(process.env['SEALWATCH_TEST_SEED'] ?? '20260101');
/** A parser that hangs is killed, which fails the test. */
const HANG_MS = 150_000;
const HEAP_MEGABYTES = 256;
const PROGRAMS = join(import.meta.dirname, 'programs');

/** Runs in a process of its own: a crash, a hang or a heap over the bound ends that process alone. */
async function run(program: string, ...words: readonly string[]) {
  const options = [`--max-old-space-size=${HEAP_MEGABYTES}`, '--experimental-strip-types', '--no-warnings'];
  const child = spawn(process.execPath, [...options, join(PROGRAMS, program), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: HANG_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(status, 0, `${program} ${words.join(' ')} ended with ${status}\n${err}`);
  return JSON.parse(out);
}

for (const format of CONFIG_FORMATS) {
  test(`${CONFIGS_PER_FORMAT} random changes to ${format} configs end in no crash, no hang and no heap over ${HEAP_MEGABYTES} MB`, async (t) => {
    const half = CONFIGS_PER_FORMAT / 2;
    const halves = await Promise.all(
      [SEED, SEED + 1].map((seed) => run('run-mutations.ts', format, String(seed), String(half))),
    );
    for (const [index, counts] of halves.entries()) {
      t.diagnostic(`seed ${SEED + index}: ${JSON.stringify(counts)}`);
      assert.equal(counts.parsed + counts.refused, half);
      // Else the mutations would be too coarse, or too fine, to reach both sides of the parser.
      assert.ok(counts.parsed > half / 50, `only ${counts.parsed} were still parsed`);
      assert.ok(counts.refused > half / 50, `only ${counts.refused} were refused`);
      assert.ok(counts.withServers > half / 200, `only ${counts.withServers} held servers`);
      assert.ok(counts.rssMegabytes < 2 * HEAP_MEGABYTES, `${counts.rssMegabytes} MB of memory in use`);
    }
  });
}

test('large files of one token over and over end in no crash, no hang and no heap over the bound', async () => {
  for (const pair of [CONFIG_FORMATS.slice(0, 2), CONFIG_FORMATS.slice(2)]) {
    const all = await Promise.all(pair.map((format) => run('run-bombs.ts', format)));
    for (const counts of all) assert.ok(counts.refused > 20, JSON.stringify(counts));
  }
});
