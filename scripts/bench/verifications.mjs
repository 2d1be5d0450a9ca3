// Measures `sealwatch verify` and the verification of approvals alone; see docs/performance.md for the figures.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { artefactFiles } from './artefacts.mjs';
import { machine, median, say, spread } from './figures.mjs';
import { makeHome } from './home.mjs';

const { values } = parseArgs({ options: { repeat: { type: 'string', default: '20' } } });
const repeats = Number(values.repeat);
const GOALS = { verifyMs: 200, perSecond: 6_000 };
const PROJECTS = 10;
const FILES = 20_000;
const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'bin', 'sealwatch');
const directory = mkdtempSync(join(tmpdir(), 'sealwatch-bench-'));
const home = join(directory, 'home');
const state = join(directory, 'state');
const places = ['--home', home, '--state-dir', state];
const env = { PATH: process.env.PATH, HOME: home };

function run(command, args, options = {}) {
  const start = performance.now();
  const done = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
    maxBuffer: 2 ** 30,
    ...options,
  });
  if (done.error !== undefined) throw done.error;
  return { milliseconds: performance.now() - start, status: done.status, stdout: String(done.stdout ?? '') };
}

function sealwatch(args, options) {
  const done = run(program, args, options);
  if (done.status !== 0 && args[0] !== 'scan')
    throw new Error(`sealwatch ${args[0]} ended with ${done.status}`);
  return done;
}

/** One round: each in turn, so that a slow moment of the machine hits them all. */
function round(figures, list) {
  figures.node.push(run(process.execPath, ['-e', '0']).milliseconds);
  figures.version.push(sealwatch(['--version']).milliseconds);
  figures.warm.push(sealwatch(['verify', ...places]).milliseconds);
  figures.sums.push(run('sh', ['-c', 'xargs -0 sha256sum >/dev/null <"$0"', list]).milliseconds);
}

/** A cold look reads every file again; without the cache it also writes a new one. */
function cold() {
  rmSync(join(state, 'hash-cache'), { force: true });
  return sealwatch(['verify', ...places]).milliseconds;
}

/** How often within half a second something can be done, five times. */
function perSecond(work) {
  return Array.from({ length: 5 }, () => {
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < 500) {
      work(done);
      done += 1;
    }
    return (done / (performance.now() - start)) * 1_000;
  });
}

/** Verifying approvals as a look does (envelope, signature, statement), beside the signature alone. */
async function verifications() {
  const { loadTrust } = await import(pathToFileURL(join(root, 'dist/approval/keys/trust-roots.js')).href);
  const files = await import(pathToFileURL(join(root, 'dist/approval/store/approval-files.js')).href);
  const dsse = await import(pathToFileURL(join(root, 'dist/approval/envelope/dsse.js')).href);
  const trust = loadTrust({ stateDir: state, systemDirectory: null, profile: 'developer' });
  const folder = join(state, 'approvals');
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const payloads = texts.map((text) => Buffer.from(JSON.parse(text).payload, 'base64'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const signatures = payloads.map((payload) => sign(null, payload, privateKey));
  const bare = perSecond((at) => {
    const index = at % payloads.length;
    if (!verify(null, payloads[index], publicKey, signatures[index])) throw new Error('bare');
  });
  const whole = perSecond((at) => {
    const text = texts[at % texts.length];
    const at_ = { store: 'host', path: 'bench' };
    const { kind } = files.verifyApproval(() => dsse.parseEnvelope(text), at_, trust);
    if (kind !== 'valid') throw new Error('an approval does not verify');
  });
  const bytes = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  return { bare, whole, bytes };
}

function report(figures, { bare, whole, bytes }) {
  const line = (what, text) => say(`  ${what.padEnd(62)} ${text}`);
  const goal = (isMet, text) => `${isMet ? 'MET' : 'MISSED'} (${text})`;
  say(`\nMedian (lowest–highest) of ${repeats} rounds, cold of ${figures.cold.length}`);
  line('node -e 0', spread(figures.node));
  line('sealwatch --version', spread(figures.version));
  line('sealwatch verify, warm hash cache', spread(figures.warm));
  line('sealwatch verify, no hash cache', spread(figures.cold));
  line('sha256sum over the same files', spread(figures.sums));
  line('approvals verified (envelope, signature, statement)', spread(whole, 'per s'));
  line(
    `signatures alone, node:crypto, same ${(bytes / 1024).toFixed(1)} KiB payloads`,
    spread(bare, 'per s'),
  );
  say('');
  const warm = median(figures.warm);
  line(
    'warm verify',
    `${warm.toFixed(0)} ms ${goal(warm < GOALS.verifyMs, `goal: under ${GOALS.verifyMs} ms`)}`,
  );
  line('warm verify / node -e 0', (warm / median(figures.node)).toFixed(1));
  line('warm verify / sha256sum', (warm / median(figures.sums)).toFixed(2));
  const rate = median(whole);
  line(
    'approvals verified',
    `${rate.toFixed(0)} per s ${goal(rate >= GOALS.perSecond, `goal: at least ${GOALS.perSecond}`)}`,
  );
  line('approvals / signatures alone', (rate / median(bare)).toFixed(2));
}

try {
  say(machine());
  const made = makeHome(home, FILES, PROJECTS);
  const seen = join(directory, 'seen.json');
  const { stdout } = sealwatch(['scan', '--json', ...places], { stdio: ['ignore', 'pipe', 'inherit'] });
  writeFileSync(seen, stdout);
  sealwatch(['approve', '--all', '--from-scan', seen, '--yes', ...places]);
  const { servers } = JSON.parse(stdout);
  const { files } = artefactFiles(servers);
  const list = join(directory, 'artefacts');
  writeFileSync(list, files.join('\0'));
  say(`${servers.length} servers in ${made.projects} projects, made of ${files.length} files; all approved`);
  const figures = { node: [], version: [], warm: [], cold: [], sums: [] };
  sealwatch(['verify', ...places]);
  for (let at = 0; at < repeats; at += 1) round(figures, list);
  for (let at = 0; at < 5; at += 1) figures.cold.push(cold());
  report(figures, await verifications());
} finally {
  rmSync(directory, { recursive: true, force: true });
}
