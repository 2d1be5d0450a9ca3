import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { GuardError } from '../../../guard/errors.ts';
import { type FetchOptions, fetchSecrets, type NamedSource } from '../../../guard/secrets/fetch-secrets.ts';
import { TempDirectory } from '../../temp-directory.ts';

const VALUE = 's3cret-v4lue';
const root = process.getuid?.() === 0;

function shell(text: string, ...args: string[]): [string, ...string[]] {
  return ['/bin/sh', '-c', text, ...args];
}

async function fetchOne(source: Omit<NamedSource, 'name'>, options: Partial<FetchOptions> = {}) {
  const values = await fetchSecrets([{ name: 'API_KEY', ...source }], { env: process.env, ...options });
  return values.get('API_KEY');
}

/** The message with which a value is refused; it, the error and what is printed of it never hold the value. */
async function refusal(source: Omit<NamedSource, 'name'>, options: Partial<FetchOptions> = {}) {
  const error: unknown = await fetchOne(source, options).then(
    () => assert.fail('the value was taken'),
    (reason) => reason,
  );
  assert.ok(error instanceof GuardError, String(error));
  assert.equal(error.code, 'GUARD_SECRET_UNAVAILABLE');
  assert.match(error.message, /^there is no value for API_KEY from the (?:command|file) \//);
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(VALUE), inspect(error));
  return error.message;
}

test('a value comes from what a command prints, without the line break that ends it', async () => {
  assert.equal(await fetchOne({ command: shell(`printf '%s' '${VALUE}'`) }), VALUE);
  assert.equal(await fetchOne({ command: shell(`printf '%s\\n' '${VALUE}'`) }), VALUE);
  assert.equal(await fetchOne({ command: shell(`printf '%s\\r\\n' '${VALUE}'`) }), VALUE);
  assert.equal(await fetchOne({ command: shell(`printf 'a\\nb\\n\\n'`) }), 'a\nb\n');
});

test('a command is executed as it is: no shell reads its words', async () => {
  assert.equal(await fetchOne({ command: ['/bin/echo', '$HOME', ';', '`id`'] }), '$HOME ; `id`');
});

test('a command gets seven names of the environment and no input', async () => {
  const env = {
    ...{ HOME: '/h', PATH: '/usr/bin:/bin', USER: 'u', LANG: 'C', XDG_RUNTIME_DIR: '/r' },
    ...{ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/r/bus', SSH_AUTH_SOCK: '/r/ssh' },
  };
  const told = { ...env, API_KEY: VALUE, LD_PRELOAD: '/x.so', NODE_OPTIONS: '--require /x' };
  const listed = await fetchOne({ command: ['/usr/bin/env'] }, { env: told });
  assert.deepEqual(
    listed?.split('\n').sort(),
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
  );
  assert.equal(await fetchOne({ command: shell('cat; echo end') }), 'end');
});

test('a command that fails is told by how it ended', async () => {
  assert.match(await refusal({ command: shell(`echo ${VALUE}; exit 3`) }), /ended with status 3$/);
  assert.match(await refusal({ command: shell(`echo ${VALUE}; kill -9 $$`) }), /SIGKILL ended it$/);
  assert.match(await refusal({ command: ['/nowhere/pass', VALUE] }), /cannot be started \(ENOENT\)$/);
  assert.match(await refusal({ command: ['/etc/passwd', VALUE] }), /cannot be started \(EACCES\)$/);
});

test('a command that others can write or replace is not run', async () => {
  using directory = new TempDirectory();
  const mark = directory.at('ran');
  const program = directory.write('pass', `#!/bin/sh\ntouch ${mark}\necho x\n`, 0o755);
  await chmod(program, 0o775);
  assert.match(await refusal({ command: [program] }), /others can write \/.*pass$/);
  await chmod(program, 0o755);
  await chmod(directory.path, 0o777);
  assert.match(await refusal({ command: [program] }), /others can write \/.*sealwatch-test-\w+$/);
  using elsewhere = new TempDirectory();
  symlinkSync(program, elsewhere.at('link'));
  assert.match(await refusal({ command: [elsewhere.at('link')] }), /others can write \//);
  assert.ok(!existsSync(mark));
  await chmod(directory.path, 0o775);
  assert.equal(await fetchOne({ command: [elsewhere.at('link')] }), 'x');
});

test('a value that no variable can carry is refused', async () => {
  assert.match(await refusal({ command: shell('true') }), /it is empty$/);
  assert.match(await refusal({ command: shell('echo') }), /it is empty$/);
  assert.match(await refusal({ command: shell(`printf '${VALUE}\\0x'`) }), /holds a NUL$/);
  assert.match(await refusal({ command: shell(`printf '${VALUE}\\377'`) }), /not UTF-8$/);
});

test('a value of 64 KiB is taken and one more byte is not, however much comes', async () => {
  const most = await fetchOne({ command: shell('head -c 65536 /dev/zero | tr "\\0" x') });
  assert.equal(most?.length, 65_536);
  assert.match(
    await refusal({ command: shell('head -c 65537 /dev/zero | tr "\\0" x') }),
    /over 65536 bytes$/,
  );
  assert.match(await refusal({ command: ['/usr/bin/yes', VALUE] }), /over 65536 bytes$/);
});

test('at the time limit the command ends with all that it started', async () => {
  using directory = new TempDirectory();
  const pids = directory.at('pids');
  const text = 'sleep 600 & echo $! > "$1"; echo $$ >> "$1"; sleep 600';
  assert.match(
    await refusal({ command: shell(text, 'sh', pids) }, { timeoutMs: 2_000 }),
    /took over 2000 ms$/,
  );
  const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  assert.equal(started.length, 2);
  for (const pid of started) await waitForEnd(pid);
});

test('a descendant that left the group and holds the output does not hold the guard', async () => {
  const text = "setsid sh -c 'echo $$; exec sleep 2' & exit 0";
  assert.match(await refusal({ command: shell(text) }, { timeoutMs: 300 }), /took over 300 ms$/);
});

test('where one value fails, the other commands are ended', async () => {
  using directory = new TempDirectory();
  const pid = directory.at('pid');
  const sources = [
    { name: 'SLOW', command: shell('echo $$ > "$1"; exec sleep 600', 'sh', pid) },
    { name: 'BAD', command: shell('while [ ! -s "$1" ]; do sleep 0.01; done; exit 1', 'sh', pid) },
  ];
  await assert.rejects(fetchSecrets(sources, { env: process.env }), /no value for BAD/);
  await waitForEnd(Number(readFileSync(pid, 'utf8')));
});

test('a fetch ends with the signal', async () => {
  const stop = new AbortController();
  const waiting = fetchOne({ command: ['/bin/sleep', '600'] }, { signal: stop.signal });
  stop.abort(new Error('the client is gone'));
  await assert.rejects(waiting, /the client is gone/);
});

test('values are fetched at the same time', async () => {
  using directory = new TempDirectory();
  // Each waits for the other: one after the other would never end.
  const meet = (own: string, other: string) =>
    shell('touch "$1"; while [ ! -e "$2" ]; do sleep 0.01; done; echo "$1"', 'sh', own, other);
  const [a, b] = [directory.at('a'), directory.at('b')];
  const values = await fetchSecrets(
    [
      { name: 'A', command: meet(a, b) },
      { name: 'B', command: meet(b, a) },
    ],
    { env: process.env },
  );
  assert.deepEqual(
    [...values],
    [
      ['A', a],
      ['B', b],
    ],
  );
});

test('a value comes from a file, also through a link', async () => {
  using directory = new TempDirectory();
  const file = directory.write('key', `${VALUE}\n`, 0o600);
  assert.equal(await fetchOne({ file }), VALUE);
  symlinkSync(file, directory.at('link'));
  assert.equal(await fetchOne({ file: directory.at('link') }), VALUE);
});

test('a file that others can write, or whose directory they can, is refused, also behind a link', async () => {
  using directory = new TempDirectory();
  using open = new TempDirectory();
  for (const mode of [0o606, 0o660, 0o622]) {
    const file = directory.write('key', VALUE, mode);
    symlinkSync(file, directory.at(`link${mode}`));
    assert.match(await refusal({ file }), /others can write \/.*key$/);
    assert.match(await refusal({ file: directory.at(`link${mode}`) }), /others can write \/.*key$/);
  }
  await chmod(open.path, 0o777);
  assert.match(await refusal({ file: open.write('key', VALUE, 0o600) }), /others can write \//);
  symlinkSync(directory.write('good', VALUE, 0o600), open.at('link'));
  assert.match(await refusal({ file: open.at('link') }), /others can write \//);
});

test('a file of another user is refused', {
  skip: root ? false : 'needs root to give a file away',
}, async () => {
  using directory = new TempDirectory();
  const file = directory.write('key', VALUE, 0o600);
  await chown(file, 12_345, 12_345);
  assert.match(await refusal({ file }), /others can write \//);
});

test('what is no regular file, too long or not there is refused', async () => {
  using directory = new TempDirectory();
  assert.match(await refusal({ file: directory.at('none') }), /cannot be read \(ENOENT\)$/);
  assert.match(await refusal({ file: directory.path }), /not a regular file$/);
  assert.match(await refusal({ file: directory.write('big', VALUE.repeat(6_000)) }), /over 65536 bytes$/);
  assert.match(await refusal({ file: directory.write('nul', `${VALUE}\0`) }), /holds a NUL$/);
  symlinkSync('loop', directory.at('loop'));
  assert.match(await refusal({ file: directory.at('loop') }), /cannot be read \(ELOOP\)$/);
});

test('a name with two sources is refused', async () => {
  const sources = [
    { name: 'A', file: '/etc/hostname' },
    { name: 'A', file: '/etc/passwd' },
  ];
  await assert.rejects(fetchSecrets(sources, { env: {} }), /no value for A .* another source, too$/);
});

test('what is printed of fetched values shows their names only', async () => {
  const values = await fetchSecrets([{ name: 'API_KEY', command: ['/bin/echo', VALUE] }], { env: {} });
  assert.equal(values.get('API_KEY'), VALUE);
  for (const text of [inspect(values), inspect({ values }), JSON.stringify(values), `${values}`])
    assert.ok(!text.includes(VALUE), text);
  assert.match(inspect(values), /API_KEY/);
});

test('the complaint of a command that failed is one short line without secrets', async () => {
  const token = `ghp_${'a1B2'.repeat(9)}`;
  const lines: string[] = [];
  const complain = (text: string) =>
    refusal({ command: shell(text) }, { onComplaint: (name, line) => lines.push(`${name}: ${line}`) });
  await complain('echo "vault is\n\tsealed" >&2; exit 2');
  await complain(`echo ${VALUE}; echo "got ${VALUE} and x=${VALUE}" >&2; exit 1`);
  await complain(`echo "bad ${token} --token hunter2hunter2" >&2; exit 1`);
  await complain(`echo "long ${'eyJhbGciOiJFZERTQSJ9'.repeat(300)} end" >&2; exit 1`);
  await complain('printf "\\033[31mred" >&2; exit 1');
  await complain(`for i in $(seq 500); do echo word >&2; done; exit 1`);
  await complain('exit 1');
  assert.deepEqual(lines.slice(0, 5), [
    'API_KEY: vault is sealed',
    'API_KEY: got … and …',
    'API_KEY: bad <redacted:github-pat> --token <redacted:named-secret>',
    'API_KEY: long …',
    'API_KEY: [31mred',
  ]);
  assert.equal(lines[5]?.length, 'API_KEY: '.length + 200);
  assert.equal(lines.length, 6);
});

test('nothing is said of a command that succeeds', async () => {
  await fetchOne({ command: shell('echo noise >&2; echo x') }, { onComplaint: () => assert.fail() });
});

/** Resolves when a process is gone, or only waits for its parent to take note. */
async function waitForEnd(pid: number): Promise<void> {
  for (;;) {
    try {
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await delay(10);
  }
}
