import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CollectorError } from '../../../../collectors/errors.ts';
import {
  createEsloggerCollector,
  type EsloggerCollector,
  type EsloggerOptions,
} from '../../../../collectors/process/eslogger/eslogger.ts';
import { EventLog } from '../event-log.ts';
import { BOOT, bytesOf, linesOf, numbered } from './golden-lines.ts';

const RECORDED = 'macos-15-message-9';
const folder = mkdtempSync(join(tmpdir(), 'sealwatch-eslogger-'));
const made: EsloggerCollector[] = [];
after(async () => {
  await Promise.all(made.map((eslogger) => eslogger.stop()));
  rmSync(folder, { recursive: true, force: true });
});
let files = 0;

function fileOf(content: string | Buffer): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, content);
  return path;
}

/** A program that stands in for eslogger: a shell script. */
function standIn(script: string): string {
  const path = fileOf(`#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Says these lines and stays. */
function saying(lines: readonly string[]): string {
  return standIn(`cat ${fileOf(`${lines.join('\n')}\n`)}; exec sleep 600`);
}

function collector(options: EsloggerOptions) {
  const eslogger = createEsloggerCollector({ boot: BOOT, euid: 0, ...options });
  made.push(eslogger);
  return eslogger;
}

async function failureOf(options: EsloggerOptions) {
  const log = new EventLog();
  const onFailure = () => assert.fail('a start that is refused is no failure of a running one');
  const error = await collector({ ...options, onFailure })
    .start(log.sink)
    .then(
      () => assert.fail('it started'),
      (reason: unknown) => reason,
    );
  assert.ok(error instanceof CollectorError, String(error));
  const health = log.of('health').map(({ state, detail }) => `${state} ${detail}`);
  return { code: error.code, message: error.message, hint: error.hint ?? '', health };
}

/** Runs a stand-in until it has told so many events of processes. */
async function runUntil(path: string, events: number) {
  const log = new EventLog();
  const done = Promise.withResolvers<void>();
  const eslogger = collector({ path });
  let left = events;
  await eslogger.start((event) => {
    log.sink(event);
    if ('pid' in event && --left === 0) done.resolve();
  });
  await done.promise;
  await eslogger.stop();
  return log;
}

function lossesOf(log: EventLog) {
  return log.of('loss').map(({ stage, count }) => `${stage} ${count}`);
}

test('tells what eslogger says, and that it is armed', async () => {
  const log = await runUntil(saying(linesOf(RECORDED)), linesOf(RECORDED).length);
  const said = readFileSync(new URL(`golden/${RECORDED}.events.jsonl`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).said);
  const [health, ...events] = log.events;
  assert.deepEqual(events, said);
  assert.ok(health?.kind === 'health');
  assert.deepEqual([health.collector, health.state], ['process/eslogger', 'ok']);
});

test('eslogger is asked for the events and runs in a session of its own', async () => {
  const asked = fileOf('');
  const path = standIn(`echo "$@" >${asked}; cat ${fileOf(bytesOf(RECORDED))}; exec sleep 600`);
  const eslogger = collector({ path });
  await eslogger.start(() => {});
  assert.equal(readFileSync(asked, 'utf8'), 'exec fork exit trace uipc_connect\n');
  const pid = String(eslogger.pid);
  const idOf = (column: string) =>
    execFileSync('ps', ['-o', `${column}=`, '-p', pid], { encoding: 'utf8' }).trim();
  assert.equal(idOf('pgid'), pid);
  // The ps of macOS shows an address in place of a session.
  if (process.platform === 'linux') assert.equal(idOf('sess'), pid);
  await eslogger.stop();
  assert.equal(eslogger.pid, undefined);
  assert.throws(() => process.kill(Number(pid), 0));
});

test('on a quiet host it is armed once the grace time is over', async () => {
  const log = new EventLog();
  const eslogger = collector({ path: standIn('exec sleep 600'), graceMs: 20 });
  await eslogger.start(log.sink);
  assert.deepEqual(
    log.of('health').map(({ state }) => state),
    ['ok'],
  );
  await eslogger.stop();
});

test('what the kernel dropped is counted before the event that shows it', async () => {
  const log = await runUntil(saying(numbered(RECORDED, [2, 3, 7])), 3);
  assert.deepEqual(lossesOf(log), ['kernel-ring 2', 'kernel-ring 3']);
  const kinds = log.events.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['loss', 'health', 'process_fork', 'process_exec', 'loss', 'unix_socket']);
});

test('lines that cannot be read are counted once, and degrade it', async () => {
  const [first = '', second = ''] = numbered(RECORDED, [0, 4]);
  const secret = 'token=ghp_0000 is no JSON';
  const broken = second.replace('"global_seq_num":4', '"global_seq_num":2').replace('"args"', '"gone"');
  const log = await runUntil(saying([first, secret, broken, '', second]), 2);
  const counts = new Map<string, number>();
  for (const { stage, count } of log.of('loss')) counts.set(stage, (counts.get(stage) ?? 0) + count);
  assert.deepEqual([...counts].sort(), [
    ['kernel-ring', 1],
    ['sensor-pipe', 2],
  ]);
  const last = log.of('health').at(-1);
  assert.equal(last?.state, 'degraded');
  assert.match(last?.detail ?? '', /uipc_connect; lines came that cannot be read, and are counted as lost$/);
  assert.doesNotMatch(JSON.stringify(log.events), /ghp_/);
});

test('a line of 10 MiB costs that line alone', async () => {
  const [first = '', last = ''] = numbered(RECORDED, [0, 2]);
  const log = await runUntil(saying([first, `{"x":"${'y'.repeat(10_485_760)}"}`, last]), 2);
  assert.deepEqual(lossesOf(log), ['sensor-pipe 1']);
});

test('a schema that is not known is read, and told once', async () => {
  const lines = linesOf('unknown-schema-2').map((line, index) =>
    index === 3 ? line.replace('"schema_version":2', '"schema_version":3') : line,
  );
  const log = await runUntil(saying(lines), lines.length);
  const states = log.of('health').map(({ state }) => state);
  assert.deepEqual(states, ['degraded']);
  assert.match(log.of('health')[0]?.detail ?? '', /schema version is 2/);
});

test('messages without numbers are told as a doubt', async () => {
  const lines = linesOf(RECORDED).map((line) => line.replace('"global_seq_num"', '"other"'));
  const log = await runUntil(saying(lines), lines.length);
  assert.deepEqual(lossesOf(log), []);
  assert.match(log.of('health').at(-1)?.detail ?? '', /does not number/);
});

test('without Full Disk Access it fails loudly and says what to grant', async () => {
  const path = standIn('echo "Failed to create ES client" >&2; exit 1');
  const { code, message, hint, health } = await failureOf({ path });
  assert.equal(code, 'COLLECTOR_ESLOGGER_NOT_PERMITTED');
  assert.match(message, /status 1: Failed to create ES client$/);
  assert.match(hint, /Full Disk Access/);
  assert.deepEqual(health, [`failed ${message} (${hint})`]);
});

test('a refusal that comes after the grace time is told as one', async () => {
  const failed = Promise.withResolvers<CollectorError>();
  const go = join(folder, 'go');
  const path = standIn(`while [ ! -e ${go} ]; do sleep 0.02; done; exit 1`);
  await collector({ path, graceMs: 10, onFailure: failed.resolve }).start(() => {});
  writeFileSync(go, '');
  assert.equal((await failed.promise).code, 'COLLECTOR_ESLOGGER_NOT_PERMITTED');
});

test('another user than root is told to be root', async () => {
  const { code, health } = await failureOf({ path: standIn('exit 1'), euid: 501 });
  assert.equal(code, 'COLLECTOR_ESLOGGER_NOT_PRIVILEGED');
  assert.equal(health.length, 1);
});

test('an eslogger that is not there, cannot be run or is killed says so', async () => {
  const codeOf = async (path: string) => (await failureOf({ path })).code;
  assert.equal(await codeOf(join(folder, 'missing')), 'COLLECTOR_UNSUPPORTED');
  assert.equal(await codeOf(fileOf('')), 'COLLECTOR_ESLOGGER_ENDED');
  assert.equal(await codeOf(standIn('kill -9 $$')), 'COLLECTOR_ESLOGGER_ENDED');
  assert.equal(await codeOf(standIn('exit 0')), 'COLLECTOR_ESLOGGER_ENDED');
});

test('of a flood on stderr only the end is kept', async () => {
  const path = standIn('printf beginning >&2; head -c 5000000 /dev/zero | tr "\\0" x >&2; exit 1');
  const { message } = await failureOf({ path });
  assert.match(message, /^eslogger ended with status 1: x{300}$/);
});

test('a death in the middle of a line is a loss, a failed health and one call', async () => {
  const log = new EventLog();
  const errors: CollectorError[] = [];
  const [first = '', second = ''] = linesOf(RECORDED);
  const path = standIn(`cat ${fileOf(`${first}\n${second.slice(0, 300)}`)}; exit 1`);
  await collector({ path, onFailure: (error) => errors.push(error) }).start(log.sink);
  await log.wait('health', ({ state }) => state === 'failed');
  assert.deepEqual(
    log.events.map((event) => (event.kind === 'health' ? event.state : event.kind)),
    ['ok', 'process_fork', 'loss', 'failed'],
  );
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['COLLECTOR_ESLOGGER_ENDED'],
  );
});

test('a stop delivers what was written before the end, and is no failure', async () => {
  const log = new EventLog();
  const [first = '', last = ''] = linesOf(RECORDED);
  const [before, end] = [fileOf(`${first}\n`), fileOf(`${last}\n{"half`)];
  const path = standIn(`trap 'cat ${end}; exit 1' TERM; cat ${before}; while :; do sleep 0.02; done`);
  const eslogger = collector({ path, onFailure: () => assert.fail('a stop is no failure') });
  await eslogger.start(log.sink);
  await eslogger.stop();
  await eslogger.stop();
  const kinds = log.events.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['health', 'process_fork', 'process_exec']);
});

test('it starts once, and not after a stop', async () => {
  const eslogger = collector({ path: saying(linesOf(RECORDED)) });
  await eslogger.stop();
  await assert.rejects(
    eslogger.start(() => {}),
    { code: 'COLLECTOR_UNSUPPORTED' },
  );
});
