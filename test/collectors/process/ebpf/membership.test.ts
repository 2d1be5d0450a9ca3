import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { createSensorCollector } from '../../../../collectors/process/ebpf/sensor.ts';
import type { KernelMember } from '../../../../wire/index.ts';
import { TempDirectory } from '../../../temp-directory.ts';
import { sensorPath, skip } from '../built-sensor.ts';
import { EventLog } from '../event-log.ts';
import { Subject, trackedAs } from './subject.ts';

const TAG = '00c0ffee00c0ffee';

describe('membership in the kernel', { skip, timeout: 180_000 }, () => {
  const log = new EventLog();
  const sensor = createSensorCollector({ path: sensorPath });
  const subjects: Subject[] = [];
  const folder = new TempDirectory();
  let marks = 0;

  before(() => sensor.start(log.sink));
  after(async () => {
    for (const subject of subjects) subject.end();
    await sensor.stop();
    folder[Symbol.dispose]();
  });

  /** A living process that was made the server of TAG. */
  async function server(): Promise<Subject> {
    const subject = new Subject();
    subjects.push(subject);
    await subject.run(':');
    track(subject);
    await sensor.sync();
    return subject;
  }

  const track = (subject: Subject): void => sensor.track([trackedAs(subject, TAG, 'server')]);

  const mark = (): string => `marked-${process.pid}-${marks++}-`;

  async function memberOf(subject: Subject, line: string, text: string): Promise<KernelMember | null> {
    await subject.run(line);
    await sensor.sync();
    const exec = log.execs(text).findLast(({ exe }) => exe.endsWith('/true') || exe.endsWith('/sleep'));
    assert.ok(exec?.image, `no exec of ${text}`);
    return exec.image.member;
  }

  test('a process that is tracked is told as a member, and what it runs is inside', async () => {
    const subject = await server();
    const told = log.of('process_member').find(({ pid }) => pid === subject.pid);
    const member = { tag: TAG, root: subject.pid, role: 'server', forked: false };
    assert.deepEqual(told?.member, member);
    const text = mark();
    assert.deepEqual(await memberOf(subject, `/bin/true ${text}`, text), {
      ...member,
      role: 'inside',
      forked: true,
    });
  });

  test('nobody leaves by a double fork, a session of its own, another name or the end of its parents', async () => {
    const subject = await server();
    const ways = [
      (text: string) => `( ( /bin/true ${text} & ) & ) ; sleep 0.2`,
      (text: string) => `setsid /bin/true ${text}; sleep 0.1`,
      (text: string) => `nohup setsid sh -c '(sleep 0.1; /bin/true ${text}) &' >/dev/null; sleep 0.4`,
      (text: string) => `bash -c 'exec -a systemd /bin/true ${text}'`,
      (text: string) => `env -i /bin/true ${text}`,
    ];
    for (const way of ways) {
      const text = mark();
      const member = await memberOf(subject, way(text), text);
      assert.deepEqual([member?.tag, member?.root], [TAG, subject.pid], way(text));
    }
  });

  test('what a process had started before it was tracked is marked with it', async () => {
    const subject = new Subject();
    subjects.push(subject);
    const text = mark();
    await subject.run(
      `sh -c '(sleep 60 & echo $! > ${folder.at('grandchild')}; wait)' >/dev/null & sleep 0.3`,
    );
    const grandchild = Number(folder.read('grandchild'));
    track(subject);
    await sensor.sync();
    const told = log.of('process_member').filter(({ member }) => member.root === subject.pid);
    assert.ok(
      told.some(({ pid }) => pid === grandchild),
      JSON.stringify(told),
    );
    assert.equal((await memberOf(subject, `/bin/true ${text}`, text))?.tag, TAG);
    process.kill(grandchild);
  });

  test('a start that is another process’s marks nobody, and nobody outside is a member', async () => {
    const subject = new Subject();
    subjects.push(subject);
    await subject.run(':');
    sensor.track([{ pid: subject.pid, start: 1, tag: TAG, root: subject.pid, role: 'server' }]);
    await sensor.sync();
    const text = mark();
    assert.equal(await memberOf(subject, `/bin/true ${text}`, text), null);
    const outside = mark();
    spawnSync('/bin/true', [outside]);
    await sensor.sync();
    assert.equal(log.execs(outside)[0]?.image?.member, null);
  });

  test('a role that is told anew is taken over, and what a launcher forks stays a launcher', async () => {
    const subject = await server();
    sensor.track([trackedAs(subject, TAG, 'launcher')]);
    await sensor.sync();
    const text = mark();
    assert.equal((await memberOf(subject, `/bin/true ${text}`, text))?.role, 'launcher');
  });

  test('of members the variables that steer loaders are told, and no others', async () => {
    const subject = await server();
    const text = mark();
    await subject.run(`LD_PRELOAD=/none.so TOKEN=hidden NODE_OPTIONS=--trace-warnings /bin/true ${text}`);
    await sensor.sync();
    const [exec] = log.execs(text).slice(-1);
    assert.deepEqual(exec?.image?.loader_variables.toSorted(), [
      'LD_PRELOAD=/none.so',
      'NODE_OPTIONS=--trace-warnings',
    ]);
    const outside = mark();
    spawnSync('/bin/true', [outside], { env: { ...process.env, LD_PRELOAD: '/none.so' } });
    await sensor.sync();
    assert.deepEqual(log.execs(outside)[0]?.image?.loader_variables, []);
  });

  test('what members change is told by inode, under a name that leads there, and what others change is not', async () => {
    const subject = await server();
    await subject.run(`echo x > ${folder.at('mine')}; echo y >> ${folder.at('mine')}`);
    spawnSync('sh', ['-c', `echo z > ${folder.at('others')}`]);
    await sensor.sync();
    const changed = log.of('inode_change').filter(({ pid }) => pid === subject.pid);
    assert.ok(
      changed.some(({ path, removed }) => path?.endsWith('/mine') === true && !removed),
      JSON.stringify(changed),
    );
    assert.equal(
      log.of('inode_change').some(({ path }) => path?.endsWith('/others') === true),
      false,
    );
    await subject.run(`sleep 1.1; rm ${folder.at('mine')}`);
    await sensor.sync();
    assert.ok(log.of('inode_change').some(({ path, removed }) => removed && path?.endsWith('/mine')));
  });

  test('opening a guarded file is told with the process, and of other files is not', async () => {
    const guarded = folder.write('keys/id', 'x');
    const single = folder.write('token', 'x');
    folder.write('plain', 'x');
    sensor.guardPaths([folder.at('keys'), single]);
    await sensor.sync();
    const { pid } = spawnSync('cat', [guarded, single, folder.at('plain')]);
    await sensor.sync();
    const opened = log.of('file_open').filter((event) => event.pid === pid);
    assert.deepEqual([...new Set(opened.map(({ path }) => path))].sort(), [guarded, single].sort());
    sensor.guardPaths([]);
    await sensor.sync();
    const later = spawnSync('cat', [guarded, single]).pid;
    await sensor.sync();
    assert.deepEqual(
      log.of('file_open').filter((event) => event.pid === later),
      [],
    );
  });

  test('datagrams and unix sockets of members are told, those of others are not', async () => {
    const subject = await server();
    const python = (port: number, path: string) =>
      `import socket as s\nu=s.socket(s.AF_INET,s.SOCK_DGRAM);u.sendto(b"x",("127.0.0.1",${port}));u.sendto(b"x",("127.0.0.1",${port}))\n` +
      `v=s.socket(s.AF_UNIX)\ntry: v.connect("${path}")\nexcept OSError: pass`;
    folder.write('talk.py', python(9, '/run/none.sock'));
    folder.write('other.py', python(10, '/run/other.sock'));
    await subject.run(`python3 ${folder.at('talk.py')}`);
    spawnSync('python3', [folder.at('other.py')]);
    await sensor.sync();
    const sent = log.of('process_socket').filter(({ protocol, port }) => protocol === 'udp' && port < 11);
    assert.deepEqual(
      sent.map(({ address, port, action }) => [address, port, action]),
      [['127.0.0.1', 9, 'connect']],
    );
    const paths = log.of('unix_socket').map(({ path }) => path);
    assert.ok(paths.includes('/run/none.sock'), paths.join());
    assert.equal(paths.includes('/run/other.sock'), false);
  });

  test('a member that changes its user without a program is noticed', async () => {
    const subject = await server();
    folder.write('drop.py', 'import os,time\nos.setresuid(65534,65534,65534)\ntime.sleep(0.1)');
    await subject.run(`python3 ${folder.at('drop.py')}`);
    await sensor.sync();
    const [changed] = log.of('process_credentials').slice(-1);
    assert.deepEqual([changed?.uid_before, changed?.uid, changed?.capabilities], [0, 65_534, '0'.repeat(16)]);
  });
});
