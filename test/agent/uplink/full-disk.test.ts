import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Pipeline } from '../../../agent/pipeline.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { MarkedServers } from '../../../agent/state/marked-servers.ts';
import { SnapshotStore } from '../../../agent/state/snapshot.ts';
import { Spool } from '../../../agent/state/spool.ts';
import { Uplink } from '../../../agent/uplink/uplink.ts';
import { compileRules } from '../../../rules/engine/index.ts';
import { sampleServer } from '../../central/samples.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { obliging, PlayedCentral } from './played-central.ts';

const PATIENCE = { timeout: 180_000 };
/** Pieces of work that the pipeline keeps while nothing can be stored. */
const KEPT = 10_000;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const RULE = `title: each
name: each
level: high
logsource: {category: agent, product: sealwatch}
detection: {s: {agent.event: numbered}, condition: s}
`;

/** A file system of its own, on a directory; false where none may be mounted. */
const mounted = (path: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', path]).status === 0;

function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (let size = block.length; size >= 1; ) {
      try {
        writeSync(file, block, 0, size);
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

const fact = (number: number) => ({
  time: number,
  logsource: { category: 'agent', product: 'sealwatch' },
  fields: { 'agent.event': 'numbered', number },
  user: 'root',
  server: null,
  actor: null,
  ancestry: [],
  change: null,
});

test(
  'a full disk ends nothing: what cannot be kept is counted and told when there is space again',
  PATIENCE,
  async (context) => {
    const place = new TempDirectory();
    const disk = place.path;
    if (!mounted(disk)) {
      place[Symbol.dispose]();
      return context.skip('no file system may be mounted here');
    }
    const database = openDatabase(disk);
    const meta = new Meta(database);
    const spool = new Spool(database, meta);
    const central = new PlayedCentral(obliging(() => 0));
    const lost: Record<string, number> = {};
    const uplink = new Uplink({
      url: await central.url(),
      credentials: () => ({ ca: '', cert: '', key: '' }),
      machine: null,
      agent: () => ({ id: meta.agentId(), version: '0', host: 'h', os: 'o' }),
      generations: meta,
      onRefused: () => {},
      spool,
      log: quiet,
      self: { started: new Date(), lost: () => lost, health: () => [] },
      stopReason: () => 'stop',
      obey: () => Promise.resolve(''),
      bundles: () => [],
      onBundle: () => undefined,
    });
    const pipeline = new Pipeline({
      database,
      spool,
      rules: compileRules([{ path: 'each.yml', text: RULE }]),
      host: 'h',
      onDurable: () => uplink.notify(),
      onLost: (stage, count) => {
        lost[stage] = (lost[stage] ?? 0) + count;
        uplink.lossesChanged();
      },
      log: quiet,
    });
    context.after(async () => {
      await uplink.stop(0);
      pipeline.close();
      central.close();
      database.close();
      spawnSync('umount', [disk]);
      place[Symbol.dispose]();
    });
    uplink.start();
    pipeline.submit({ facts: [fact(0)] });
    pipeline.flush();
    await central.until(() => central.seqs.length === 1);

    const filler = join(disk, 'filler');
    fill(filler);
    const snapshots = new SnapshotStore(database);
    const marked = new MarkedServers(database);
    for (let number = 1; number <= KEPT + 7; number += 1) pipeline.submit({ facts: [fact(number)] });
    pipeline.flush();
    assert.equal(spool.last, 1, 'nothing could be stored');
    assert.deepEqual(
      [snapshots.firstTime('k', 1, 1_000), snapshots.firstTime('k', 2, 1_000)],
      [true, false],
      'what is told once is told once, kept or not',
    );
    marked.put('tag', sampleServer('s'));
    assert.deepEqual(lost, {});

    rmSync(filler);
    pipeline.flush();
    assert.deepEqual(lost, { queue: 7 });
    await central.until(() => central.seqs.length === KEPT + 1);
    await central.until(() => central.of('loss').some((frame) => frame.lost['queue'] === 7));
    const numbers = central.of('batch').flatMap(({ alerts }) => alerts.map(({ event }) => event['number']));
    assert.deepEqual(
      numbers,
      [0, ...Array.from({ length: KEPT }, (_, index) => index + 8)],
      'the oldest were given up, the rest arrives in order',
    );
  },
);
