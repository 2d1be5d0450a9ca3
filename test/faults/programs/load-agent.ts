// An agent that does nothing but raise alerts: the spool, the enrolment and the uplink are the real ones.
// `load-agent.ts STATE_DIR URL TOKEN_FILE LEDGER ALERTS_PER_SECOND [SPOOL_BYTES]`; it waits to be killed.
import { fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { release, type } from 'node:os';
import { Enrolment } from '../../../agent/enrolment/enrolment.ts';
import { machineDigest, machineTraits } from '../../../agent/enrolment/machine.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { Spool } from '../../../agent/state/spool.ts';
import { Uplink } from '../../../agent/uplink/uplink.ts';
import { draft } from '../../agent/samples.ts';

const TICK_MS = 50;
/** Alerts that wait, above which none are added, unless the cap of the spool is what is tried. */
const MAX_WAITING = 20_000;

const [stateDir = '', url = '', tokenFile = '', ledgerFile = '', rate = '0', cap] = process.argv.slice(2);
let perTick = Math.round((Number(rate) * TICK_MS) / 1_000);
const say = (level: string) => (message: string, fields?: object) =>
  process.stderr.write(`${level} ${message} ${JSON.stringify(fields ?? {})}\n`);
const log = { debug: () => undefined, info: () => undefined, warn: say('warn'), error: say('error') };

const database = openDatabase(stateDir);
const meta = new Meta(database);
const spool = new Spool(database, meta, cap === undefined ? undefined : Number(cap));
let lost = 0;
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
  self: { started: new Date(), lost: () => ({ spool: lost }), health: () => [] },
  stopReason: () => 'stop',
  obey: () => Promise.resolve('done'),
  bundles: () => [],
  onBundle: () => undefined,
});

// A line that a kill has cut in two has no full stop at its end, and does not count.
const ledger = openSync(ledgerFile, 'a', 0o600);
writeSync(ledger, '\n');

function raise(): void {
  if (perTick === 0 || (cap === undefined && spool.waiting > MAX_WAITING)) return;
  let committed: { readonly ids: readonly string[]; readonly evicted: number };
  try {
    committed = database.transaction(() => ({
      ids: Array.from({ length: perTick }, () => spool.append(draft()).id),
      evicted: spool.evict(),
    }))();
  } catch (error) {
    // A full disk: nothing was raised, as the agent's pipeline would keep it back.
    log.warn('nothing can be committed', { error: String(error) });
    spool.recount();
    return;
  }
  const { ids, evicted } = committed;
  writeSync(ledger, ids.map((id) => `${id}.\n`).join(''));
  fsyncSync(ledger);
  lost += evicted;
  if (evicted > 0) uplink.lossesChanged();
  uplink.notify();
}

enrolment.start();
uplink.start();
setInterval(raise, TICK_MS);
// From now on it only carries.
process.on('SIGUSR2', () => {
  perTick = 0;
});
process.stdout.write('ready\n');
