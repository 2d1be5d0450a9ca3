// An agent that does nothing but raise alerts: the spool, the enrolment and the uplink are the real ones.
// `load-agent.ts STATE_DIR URL TOKEN_FILE LEDGER ALERTS_PER_SECOND`; it waits to be killed.
import { fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { release, type } from 'node:os';
import { Enrolment } from '../../../agent/enrolment/enrolment.ts';
import { machineDigest, machineTraits } from '../../../agent/enrolment/machine.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { Spool } from '../../../agent/state/spool.ts';
import { Uplink } from '../../../agent/uplink/uplink.ts';
import { draft } from '../../agent/samples.ts';

const TICK_MS = 50;
/** Alerts that wait, above which none are added: nothing here may be lost by policy. */
const MAX_WAITING = 20_000;

const [stateDir = '', url = '', tokenFile = '', ledgerFile = '', rate = '0'] = process.argv.slice(2);
const perTick = Math.round((Number(rate) * TICK_MS) / 1_000);
const say = (level: string) => (message: string, fields?: object) =>
  process.stderr.write(`${level} ${message} ${JSON.stringify(fields ?? {})}\n`);
const log = { debug: () => undefined, info: () => undefined, warn: say('warn'), error: say('error') };

const database = openDatabase(stateDir);
const meta = new Meta(database);
const spool = new Spool(database, meta);
const self = () => ({ id: meta.agentId(), version: '0', host: stateDir, os: `${type()} ${release()}` });
const enrolment = new Enrolment({
  stateDir,
  url,
  agent: self,
  token: async () => readFileSync(tokenFile, 'utf8').trim(),
  generation: () => meta.generation(),
  takeNewId: () => spool.takeNewId(),
  onReady: () => uplink.wake(),
  log,
  tokenLookMs: 200,
});
const uplink = new Uplink({
  url: `${url}/v1/agent`,
  credentials: () => enrolment.credentials,
  machine: machineDigest(await machineTraits(), meta.salt()),
  agent: self,
  generations: meta,
  onRefused: (code) => enrolment.refused(code),
  spool,
  log,
  self: { started: new Date(), lost: () => ({}), health: () => [] },
  obey: () => Promise.resolve('done'),
  bundles: () => [],
  onBundle: () => undefined,
});

// A line that a kill has cut in two has no full stop at its end, and does not count.
const ledger = openSync(ledgerFile, 'a', 0o600);
writeSync(ledger, '\n');

function raise(): void {
  if (perTick === 0 || spool.waiting > MAX_WAITING) return;
  const ids = database.transaction(() => Array.from({ length: perTick }, () => spool.append(draft()).id))();
  writeSync(ledger, ids.map((id) => `${id}.\n`).join(''));
  fsyncSync(ledger);
  uplink.notify();
}

enrolment.start();
uplink.start();
setInterval(raise, TICK_MS);
process.stdout.write('ready\n');
