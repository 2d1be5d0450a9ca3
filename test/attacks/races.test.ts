import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { until } from '../e2e/host.ts';
import { AttackedServer, type Doer } from './attacked-server.ts';
import { SHELL, tells } from './evasion.ts';

const SHELLS = 500;
const RACES = 200;
const FORKS = 20_000;
const REUSES = 10;
/** Processes may come between, and take a pid for good. */
const TRIES = 5;
const LOSSES = ['agent_events_lost', 'agent_subtree_events_lost'] as const;
const built = (name: string) => (skip === false ? program(name) : '');
const [burst, race, rewrite, storm, reuse] = (
  ['shell-burst', 'argv-race', 'argv-rewrite', 'fork-storm', 'pid-reuse'] as const
).map(built) as [string, string, string, string, string];

const cmdline = ({ event }: Alert) => String(event['CommandLine']);

describe('races with the sensor', { skip, timeout: 180_000 }, () => {
  let attacked: AttackedServer;
  before(async () => {
    attacked = await AttackedServer.start();
  });
  after(() => attacked.stop());

  const shells = (mark: string) =>
    attacked.daemon.named(SHELL).filter((alert) => cmdline(alert).includes(mark));
  const losses = () => LOSSES.flatMap((name) => attacked.daemon.named(name));

  test(`of ${SHELLS} shells that are each gone at once none is missing`, async () => {
    const mark = `burst-${process.pid}-`;
    const done = await attacked.server.does({ words: [burst, String(SHELLS), mark] });
    const started = done.output.trimEnd().split('\n');
    assert.equal(started.length, SHELLS);
    await until('every shell', () => shells(mark).length >= SHELLS);
    const told = shells(mark).map((alert) => `${cmdline(alert).split(' ').at(-1)} ${alert.actor?.pid}`);
    assert.deepEqual(told.toSorted(), started.toSorted());
    for (const alert of shells(mark)) attacked.assertOwn(alert, { exe: /\/dash$/ });
  });

  test('arguments that change while they are taken are told as the program got them', async () => {
    const done = await attacked.server.does({ words: [race, String(RACES)] });
    const got = done.output.trimEnd().split('\n');
    assert.equal(got.length, RACES);
    assert.ok(new Set(got.map((line) => line.split(' ')[1])).size > 1, 'the race was never won');
    const pids = new Set(got.map((line) => Number(line.split(' ')[0])));
    const raced = () =>
      attacked.daemon.named(SHELL).filter(({ actor }) => actor !== null && pids.has(actor.pid));
    await until('every shell', () => raced().length >= RACES);
    const told = raced().map((alert) => `${alert.actor?.pid} ${cmdline(alert).split(' ').at(-1)}`);
    assert.deepEqual(told.toSorted(), got.toSorted());
  });

  test('who overwrites its arguments after it began is told as it began', async () => {
    const mark = `rewritten-${process.pid}-`;
    const disguised = `${attacked.directory}/sh`;
    copyFileSync(rewrite, disguised);
    const done = await attacked.server.does({ words: [disguised, mark, tells(mark)] });
    assert.equal(done.status, 0, done.errors);
    const own = await attacked.alert(SHELL, ({ actor }) => actor?.pid === done.pid);
    attacked.assertOwn(own, { exe: /\/work\/sh$/ });
    assert.ok(cmdline(own).startsWith(`${disguised} ${mark}`), cmdline(own));
    const child = await attacked.alert(SHELL, (alert) => cmdline(alert).startsWith('sh -c read pid'));
    attacked.assertOwn(child, { pid: Number(/pid (\d+)/.exec(done.output)?.[1]), exe: /\/dash$/ });
    assert.ok(String(child.event['ParentCommandLine']).includes(mark), 'the parent as it began');
    assert.equal(child.ancestry[0]?.pid, done.pid);
  });

  test(`one exec among ${FORKS} forks is found, and nothing is lost`, async () => {
    const mark = `storm-${process.pid}-`;
    const done = await attacked.server.does({ words: [storm, String(FORKS), '/bin/sh', '-c', tells(mark)] });
    assert.equal(done.status, 0, done.errors);
    const alert = await attacked.alert(SHELL, mark);
    attacked.assertOwn(alert, { pid: Number(/pid (\d+)/.exec(done.output)?.[1]), exe: /\/dash$/ });
    assert.deepEqual(losses(), []);
  });

  /** Runs a shell as the process with this pid; false where somebody else holds it for good. */
  async function runs(doer: Doer, pid: number, mark: string): Promise<boolean> {
    const done = await doer.does({ words: [reuse, String(pid), '/bin/sh', '-c', tells(mark)] });
    return done.output.startsWith(`pid ${pid} `);
  }

  /** The pid of a process of the server that has ended. */
  async function freed(): Promise<number> {
    return (await attacked.server.does({ words: ['/bin/true'] })).pid;
  }

  test('who gets the pid of a process that has ended inherits nothing of it', async () => {
    let done = 0;
    for (let tried = 0; done < REUSES && tried < REUSES * TRIES; tried += 1) {
      const pid = await freed();
      const [before, between, behind] = ['before', 'between', 'behind'].map(
        (when) => `${when}-${process.pid}-${tried}-`,
      ) as [string, string, string];
      const all =
        (await runs(attacked.server, pid, before)) &&
        (await runs(attacked.stranger, pid, between)) &&
        (await runs(attacked.server, pid, behind));
      if (!all) continue;
      done += 1;
      for (const mark of [before, behind])
        attacked.assertOwn(await attacked.alert(SHELL, mark), { pid, exe: /\/dash$/ });
      assert.deepEqual(attacked.told(between), []);
    }
    assert.equal(done, REUSES);
    await attacked.settled();
    const between = attacked.daemon.alerts.filter((alert) => cmdline(alert).includes('between-'));
    assert.deepEqual(between, []);
  });
});
