import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { SecretHeader } from '../../../approval/index.ts';
import { SecretHeaders } from '../../../guard/secrets/secret-headers.ts';
import { TempDirectory } from '../../temp-directory.ts';

/** A header whose command counts its runs into a file, prints the count, and fails while a file `fail` is there. */
class Counted implements Disposable {
  readonly #directory = new TempDirectory();
  readonly headers: SecretHeaders;
  nowMs = 1_000_000;

  constructor(maxAgeMs?: number) {
    const text = 'echo x >> runs; [ ! -e fail ] || exit 1; grep -c x runs';
    const command: SecretHeader['command'] = [
      '/bin/sh',
      '-c',
      `cd "$1" && ${text}`,
      'sh',
      this.#directory.path,
    ];
    const header = { name: 'Authorization', prefix: 'Bearer ', command };
    this.headers = new SecretHeaders([header], {
      env: process.env,
      monotonicMs: () => this.nowMs,
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    });
  }

  get runs(): number {
    return readFileSync(this.#directory.at('runs'), 'utf8').split('\n').length - 1;
  }

  async value(): Promise<string | undefined> {
    return (await this.headers.current()).get('Authorization');
  }

  fail(): void {
    this.#directory.write('fail', '');
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}

test('values are used for a minute and then fetched again', async () => {
  using counted = new Counted();
  assert.equal(await counted.value(), 'Bearer 1');
  counted.nowMs += 59_999;
  assert.equal(await counted.value(), 'Bearer 1');
  counted.nowMs += 1;
  assert.equal(await counted.value(), 'Bearer 2');
});

test('the time for which values are used can be told', async () => {
  using counted = new Counted(5_000);
  await counted.value();
  counted.nowMs += 5_000;
  assert.equal(await counted.value(), 'Bearer 2');
});

test('values that the server refused are fetched again', async () => {
  using counted = new Counted();
  const first = await counted.headers.current();
  counted.nowMs += 1_000;
  counted.headers.refuse(first);
  assert.equal(await counted.value(), 'Bearer 2');
  counted.headers.refuse(first);
  counted.nowMs += 1_000;
  assert.equal(await counted.value(), 'Bearer 2', 'a late refusal of old values is not about the new ones');
});

test('a server that refuses everything does not make the command run at each request', async () => {
  using counted = new Counted();
  for (let request = 0; request < 10; request += 1) counted.headers.refuse(await counted.headers.current());
  assert.equal(counted.runs, 1);
  counted.nowMs += 1_000;
  await counted.value();
  assert.equal(counted.runs, 2);
});

test('all who ask at once wait for one fetch', async () => {
  using counted = new Counted();
  const values = await Promise.all(Array.from({ length: 50 }, () => counted.value()));
  assert.deepEqual([...new Set(values)], ['Bearer 1']);
  assert.equal(counted.runs, 1);
});

test('a fetch that failed is told to all who wait, and the next who asks has it tried again', async () => {
  using counted = new Counted();
  counted.fail();
  const waiting = await Promise.allSettled([counted.value(), counted.value()]);
  assert.deepEqual(
    waiting.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(counted.runs, 1);
  await assert.rejects(counted.value(), { code: 'GUARD_SECRET_UNAVAILABLE' });
  assert.equal(counted.runs, 2);
});

test('a value that would not be one header is refused without being shown', async () => {
  using directory = new TempDirectory();
  for (const value of ['v4lue\nX-Other: y', 'v4lue\r\nX: y', 'v4lu\u0001e', 'v4lué', ' v4lue', 'v4lue\n\n']) {
    const file = directory.write('value', value, 0o600);
    const headers = new SecretHeaders([{ name: 'X-Key', file }], { env: {} });
    await assert.rejects(headers.current(), (error) => {
      assert.match(String(error), /no value for X-Key .* not printable ASCII in one line/);
      return !inspect(error).includes('v4lu');
    });
  }
});

test('what is printed of headers shows no value', async () => {
  using directory = new TempDirectory();
  const file = directory.write('value', 'v4lue', 0o600);
  const headers = new SecretHeaders([{ name: 'X-Key', file }], { env: {} });
  const values = await headers.current();
  assert.deepEqual([...values], [['X-Key', 'v4lue']]);
  assert.ok(!inspect([headers, values], { depth: 9 }).includes('v4lue'));
});
