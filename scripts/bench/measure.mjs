// Measures discovery and closure of a home with many files; see docs/performance.md for what the figures mean.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { artefactFiles } from './artefacts.mjs';
import { machine, median, say, spread } from './figures.mjs';
import { makeHome } from './home.mjs';

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: join(tmpdir(), 'sealwatch-bench-home') },
    files: { type: 'string', default: '1000000' },
    repeat: { type: 'string', default: '5' },
    keep: { type: 'boolean', default: false },
  },
});
const root = join(import.meta.dirname, '..', '..');
const home = values.home;
const repeats = Number(values.repeat);
const GOALS = { coldRatio: 1, warmMs: 150, peakMiB: 120 };
const DROP_CACHES = '/proc/sys/vm/drop_caches';

function timed(command, args, options = {}) {
  const start = performance.now();
  const done = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  if (done.error !== undefined) throw done.error;
  return { milliseconds: performance.now() - start, status: done.status, stdout: done.stdout };
}

/** fd under the name that the system gives it; where it is missing, root gets it from Debian. */
function findFd() {
  const find = () =>
    ['fdfind', 'fd'].find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (find() === undefined && process.getuid() === 0) {
    say('fd is not installed; installing fd-find with apt-get');
    spawnSync('apt-get', ['install', '-y', 'fd-find'], { stdio: 'ignore' });
  }
  return find();
}

const state = mkdtempSync(join(tmpdir(), 'sealwatch-bench-'));
const list = join(state, 'artefacts');
const program = join(root, 'bin', 'sealwatch');
const scanArgs = (stateDir) => ['scan', '--json', '--home', home, '--state-dir', stateDir];
const canDrop = process.getuid() === 0 && existsSync(DROP_CACHES);
const dropCaches = () => {
  spawnSync('sync');
  if (canDrop) writeFileSync(DROP_CACHES, '3');
};

/** As bin/sealwatch starts Node. */
const NODE_FLAGS = ['--max-semi-space-size=4'];
const peakFile = join(state, 'peak');
const peak = join(import.meta.dirname, 'peak.mjs');

function scan(stateDir, output = 'ignore') {
  const start = performance.now();
  const done = spawnSync(program, scanArgs(stateDir), {
    stdio: ['ignore', output, 'inherit'],
    // npm, which runs this, sets variables that move its cache.
    env: {
      PATH: process.env.PATH,
      HOME: home,
      NODE_OPTIONS: `--import=${pathToFileURL(peak).href}`,
      SEALWATCH_BENCH_PEAK: peakFile,
    },
    maxBuffer: 2 ** 30,
  });
  if (done.status !== 0 && done.status !== 1) throw new Error(`the scan failed (exit ${done.status})`);
  return { milliseconds: performance.now() - start, stdout: done.stdout };
}

/** One round: each measured in turn, so that a slow moment of the machine hits them all. */
function round(fd, figures, warmState) {
  dropCaches();
  if (fd !== undefined) figures.fd.push(timed(fd, ['-H', '-I', '.', home]).milliseconds);
  dropCaches();
  const sums = timed('sh', ['-c', 'xargs -0 sha256sum >/dev/null <"$0"', list]);
  if (sums.status !== 0) throw new Error('sha256sum failed');
  figures.sums.push(sums.milliseconds);
  const cold = mkdtempSync(join(state, 'cold-'));
  dropCaches();
  figures.cold.push(scan(cold).milliseconds);
  figures.warm.push(scan(warmState).milliseconds);
  figures.scanPeak.push(Number(readFileSync(peakFile, 'utf8')) / 1024);
  const looks = timed(
    process.execPath,
    [...NODE_FLAGS, join(import.meta.dirname, 'looks.mjs'), root, home, join(warmState, 'hash-cache'), '7'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { milliseconds, peakKiB } = JSON.parse(String(looks.stdout));
  figures.looks.push(median(milliseconds));
  figures.looksPeak.push(peakKiB / 1024);
}

function report(figures, fd) {
  const line = (what, text) => say(`  ${what.padEnd(58)} ${text}`);
  const goal = (isMet, text) => `${isMet ? 'MET' : 'MISSED'} (${text})`;
  say(
    `\nMedian (lowest–highest) of ${repeats} rounds; ${canDrop ? 'page cache dropped before fd, sha256sum and the cold scan' : 'page cache as it was'}`,
  );
  if (fd === undefined) line('fd', 'not installed; cannot be compared');
  else line(`${fd} over the home`, spread(figures.fd));
  line('sha256sum over the artefacts', spread(figures.sums));
  line('cold: sealwatch scan, a new process, no hash cache', spread(figures.cold));
  line('warm: sealwatch scan, a new process, kept hash cache', spread(figures.warm));
  line('warm: a look inside a running process (what the agent does)', spread(figures.looks));
  line('peak memory of the warm scan', spread(figures.scanPeak, 'MiB'));
  line('peak memory of the process that looks ten times', spread(figures.looksPeak, 'MiB'));
  const ratio = median(figures.cold) / (median(figures.fd) + median(figures.sums));
  say('');
  if (fd !== undefined)
    line(
      'cold / (fd + sha256sum)',
      `${ratio.toFixed(2)} ${goal(ratio <= GOALS.coldRatio, `goal: at most ${GOALS.coldRatio.toFixed(1)}`)}`,
    );
  const warm = median(figures.looks);
  line('warm look', `${warm.toFixed(0)} ms ${goal(warm < GOALS.warmMs, `goal: under ${GOALS.warmMs} ms`)}`);
  const started = median(figures.warm);
  line(
    'warm scan with the start of its process',
    `${started.toFixed(0)} ms ${goal(started < GOALS.warmMs, `goal: under ${GOALS.warmMs} ms`)}`,
  );
  for (const [what, numbers] of [
    ['peak memory of the warm scan', figures.scanPeak],
    ['peak memory of ten looks', figures.looksPeak],
  ]) {
    const most = Math.max(...numbers);
    line(what, `${most.toFixed(0)} MiB ${goal(most <= GOALS.peakMiB, `goal: at most ${GOALS.peakMiB} MiB`)}`);
  }
}

try {
  say(machine());
  say(`Making a home of ${values.files} files in ${home} (a minute or two the first time)`);
  const made = makeHome(home, Number(values.files));
  const fd = findFd();
  const warmState = join(state, 'warm');
  mkdirSync(warmState);
  const { servers } = JSON.parse(String(scan(warmState, 'pipe').stdout));
  const { files, trees } = artefactFiles(servers);
  writeFileSync(list, files.join('\0'));
  const bytes = Number(
    spawnSync('du', ['-cb', '--files0-from', list], { maxBuffer: 2 ** 28 })
      .stdout.toString()
      .trim()
      .split('\n')
      .at(-1)
      ?.split('\t')[0],
  );
  say(
    `${made.files} files, ${made.projects} projects, ${servers.length} servers found; ${files.length} distinct artefact files (${(bytes / 2 ** 20).toFixed(0)} MiB), ${trees} package trees`,
  );
  say(`Hash cache on disk: ${(readFileSync(join(warmState, 'hash-cache')).length / 2 ** 20).toFixed(1)} MiB`);
  const figures = { fd: [], sums: [], cold: [], warm: [], scanPeak: [], looks: [], looksPeak: [] };
  for (let at = 0; at < repeats; at += 1) round(fd, figures, warmState);
  report(figures, fd);
} finally {
  rmSync(state, { recursive: true, force: true });
  if (!values.keep) {
    say(`\nRemoving ${home} (--keep leaves it for the next time)`);
    rmSync(home, { recursive: true, force: true });
  }
}
