import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { until } from '../e2e/host.ts';
import { AttackedServer } from './attacked-server.ts';
import { SHELL } from './evasion.ts';
import { documented } from './limitations.ts';

/** Longer than what is read of arguments and of an environment. */
const PADDING = 'p'.repeat(9_000);
const RUNS = 40;
const PERSISTENCE = 'mcp_persistence_write';
const built = (name: string, ...flags: readonly string[]) => (skip === false ? program(name, ...flags) : '');
const [inject, changer, preloaded] = [
  built('inject'),
  built('change-file'),
  built('preloaded', '-shared', '-fPIC'),
];

/**
 * What cannot be seen, shown not to be seen. A test that fails here is good news: the deed is told by now, and
 * belongs with the others.
 */
describe('what the sensor cannot see', { skip, timeout: 120_000 }, () => {
  let attacked: AttackedServer;
  const victims: ChildProcess[] = [];
  before(async () => {
    const files = { 'people/a/.bashrc': 'x\n'.repeat(99), '.ssh/id_one': 'x\n', '.ssh/id_two': 'x\n' };
    attacked = await AttackedServer.start({ files });
  });
  after(async () => {
    for (const victim of victims) victim.kill('SIGKILL');
    await attacked.stop();
  });

  /** Names of the rules that told of a mark, once all that happened is judged; that it runs from /tmp is no matter. */
  async function told(mark: string): Promise<readonly string[]> {
    await attacked.settled();
    return attacked.told(mark).filter((name) => name !== 'mcp_exec_from_writable_path');
  }

  const NOT_BY_PTRACE = {
    memory: 'Memory of another process that is written by `/proc/PID/mem`',
    'vm-write': 'or process_vm_writev(2)',
    getfd: 'pidfd_getfd(2)',
    stealth: 'A tracer that wants no signals and waits for nothing',
  } as const;
  for (const [way, words] of Object.entries(NOT_BY_PTRACE)) {
    test(`another process that is changed by ${way}`, async () => {
      documented(words);
      const victim = spawn('sleep', ['600'], { stdio: 'ignore' });
      victims.push(victim);
      const call = () => readFileSync(`/proc/${victim.pid}/syscall`, 'latin1');
      await until('the victim to wait', () => /^(?:35|230|101|115) /.test(call()));
      const ended = once(victim, 'exit');
      const done = await attacked.server.does({ words: [inject, way, String(victim.pid)] });
      assert.equal(done.status, 0, done.errors);
      if (way === 'stealth') assert.deepEqual(await ended, [42, null]);
      await attacked.settled();
      const about = attacked.daemon.alerts.filter(({ event }) => event['TargetProcessId'] === victim.pid);
      assert.deepEqual(about, []);
    });
  }

  test('a shell that differs by a byte from the one of this host', async () => {
    documented("A shell that is not this host's, byte for byte");
    const path = `${attacked.directory}/updater`;
    copyFileSync('/bin/sh', path);
    writeFileSync(path, 'x', { flag: 'a' });
    const done = await attacked.server.does({ words: [path, '-c', 'echo differs-$((1+1)); sleep 0.3; :'] });
    assert.equal(done.output, 'differs-2\n');
    assert.deepEqual(await told('differs-'), []);
  });

  test('a copied shell that the dynamic loader runs', async (at: TestContext) => {
    documented('one that the dynamic loader runs under another name');
    const loader = '/lib64/ld-linux-x86-64.so.2';
    if (process.arch !== 'x64') return at.skip(`${loader} is that of x86-64`);
    const path = `${attacked.directory}/library`;
    copyFileSync('/bin/sh', path);
    const done = await attacked.server.does({
      words: [loader, path, '-c', 'echo loaded-$((1+1)); sleep 0.3; :'],
    });
    assert.equal(done.output, 'loaded-2\n');
    assert.deepEqual(await told('loaded-'), []);
  });

  test('some of many shells on a file system of a mount namespace that are gone at once', async () => {
    documented('A copy of a shell on a file system that only a mount namespace has');
    const own = `${attacked.directory}/mounted`;
    attacked.host.makeDirectory(own);
    const loop = `i=0; while [ $i -lt ${RUNS} ]; do ./own -c ": fleeting-$i-"; i=$((i+1)); done`;
    const text = `mount -t tmpfs none ${own} && cd ${own} && cp /bin/dash own && ${loop}`;
    const done = await attacked.server.does({ words: ['unshare', '-m', 'sh', '-c', text] });
    assert.equal(done.status, 0, done.errors);
    await attacked.settled();
    const found = attacked.daemon
      .named('mcp_renamed_shell')
      .filter(({ event }) => String(event['CommandLine']).includes('fleeting-'));
    assert.ok(found.length < RUNS, `${found.length} of ${RUNS} were told`);
  });

  test('code that an interpreter reads from a file', async () => {
    documented('Code that an interpreter reads from a file');
    const path = attacked.host.write('work/harmless.txt', 'console.log("ran " + process.argv[2])');
    const done = await attacked.server.does({ words: [process.execPath, path, 'file-code-'] });
    assert.equal(done.output, 'ran file-code-\n');
    assert.deepEqual(await told('file-code-'), []);
  });

  test('an argument behind the first 8 KiB', async () => {
    documented('What stands behind the first 8 KiB of the arguments');
    const words = [process.execPath, '--title', `behind-${PADDING}`, '-p', '6*7'];
    const done = await attacked.server.does({ words });
    assert.equal(done.output, '42\n');
    assert.deepEqual(await told('behind-'), []);
  });

  test('a variable behind the first 8 KiB', async () => {
    documented('or of the environment of a program');
    const words = ['env', '-i', `A=${PADDING}`, `LD_PRELOAD=${preloaded}`, '/bin/cat', 'padded-'];
    const done = await attacked.server.does({ words });
    assert.equal(done.status, 42, 'it was loaded');
    assert.deepEqual(await told('padded-'), []);
  });

  test('what another service does because the server asked for it', async () => {
    documented('What others do for a server that only asks them to');
    const order = `${attacked.directory}/order`;
    await attacked.server.does({
      code: `require('fs').writeFileSync(${JSON.stringify(order)}, ': asked-for-')`,
    });
    const done = await attacked.stranger.does({ words: ['sh', '-c', readFileSync(order, 'utf8')] });
    assert.equal(done.status, 0);
    assert.deepEqual(await told('asked-for-'), []);
  });

  test('the second write through a mapping', async () => {
    documented('A second write through a shared mapping');
    const path = attacked.host.at('people/a/.bashrc');
    const done = await attacked.server.does({ words: [changer, 'mmap-again', path, ''] });
    assert.equal(done.status, 0, done.errors);
    assert.match(readFileSync(path, 'utf8'), /^\/\/ again/);
    assert.deepEqual(await told(path), [PERSISTENCE]);
  });

  test('a name where nothing was that a file is renamed to', async () => {
    documented('The new name of a file that is renamed or linked to where nothing was');
    const path = attacked.host.at('people/a/.zshrc');
    const done = await attacked.server.does({
      words: [changer, 'rename', path, `${attacked.directory}/draft`],
    });
    assert.equal(done.status, 0, done.errors);
    assert.match(readFileSync(path, 'utf8'), /changed/);
    assert.deepEqual(await told(path), []);
  });

  test('a credential that is opened by another hard link', async () => {
    documented('A credential that is opened through another hard link');
    const [path, other] = [attacked.host.at('.ssh/id_one'), `${attacked.directory}/link`];
    const [from, to] = [path, other].map((name) => JSON.stringify(name));
    const code = `const fs = require('fs'); fs.linkSync(${from}, ${to}); return fs.readFileSync(${to}, 'utf8')`;
    const done = await attacked.server.does({ code });
    assert.equal(done.output, 'x\n');
    const control = attacked.host.at('.ssh/id_two');
    await attacked.server.does({ words: ['cat', control] });
    await attacked.alert('mcp_credential_read', control);
    assert.equal(attacked.daemon.named('mcp_credential_read').length, 1, 'and by its own name it is');
  });

  test('all the while what can be seen was told', () => {
    assert.notDeepEqual(attacked.daemon.named(SHELL), []);
  });
});
