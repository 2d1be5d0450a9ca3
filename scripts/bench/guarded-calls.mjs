// Measures calls, streams, start and memory of a server through the guard; see docs/performance.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { machine, median, say } from './figures.mjs';
import { Session } from './guard-client.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    calls: { type: 'string', default: '2000' },
  },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const BIG_BYTES = 10_000_000;
const BIG_COUNT = 8;
const WARM_UP = 500;
const GOALS = { p50: 1.4, p99: 1.3, stream: 0.8 };
const FINDINGS = ['mcp_self_authority', 'mcp_config_writable_by_others', 'mcp_helper_writable'];

const root = join(import.meta.dirname, '..', '..');
const place = mkdtempSync(join(tmpdir(), 'sealwatch-bench-'));
const home = join(place, 'home');
const state = join(place, 'state');
const program = join(root, 'bin', 'sealwatch');
const server = [process.execPath, join(import.meta.dirname, 'guard-echo.mjs')];
const env = { PATH: process.env.PATH, HOME: home };
const WAYS = {
  direct: server,
  relay: [process.execPath, join(import.meta.dirname, 'guard-relay.mjs'), ...server],
  guard: [program, 'guard', '--state-dir', state, '--profile', 'production', '--', ...server],
  developer: [program, 'guard', '--state-dir', state, '--', ...server],
};

function prepare() {
  mkdirSync(join(home, '.cursor'), { recursive: true, mode: 0o700 });
  mkdirSync(state, { mode: 0o700 });
  const [command, ...args] = server;
  writeFileSync(
    join(home, '.cursor', 'mcp.json'),
    JSON.stringify({ mcpServers: { echo: { command, args } } }),
  );
  const accept = FINDINGS.flatMap((finding) => ['--accept', finding]);
  for (const profile of ['production']) {
    const words = [
      'approve',
      'cursor/echo',
      '--home',
      home,
      '--state-dir',
      state,
      '--yes',
      '--profile',
      profile,
    ];
    const done = spawnSync(program, [...words, ...accept], { env, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`approve failed: ${done.stderr}`);
  }
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** One session; what it measured. */
async function measured(way) {
  const start = performance.now();
  const session = new Session(WAYS[way], env);
  await session.open();
  const started = performance.now() - start;
  await session.calls(WARM_UP);
  const times = await session.calls(calls);
  await session.stream(1, BIG_BYTES);
  const rate = await session.stream(BIG_COUNT, BIG_BYTES);
  const held = way === 'direct' || process.platform !== 'linux' ? 0 : session.heldByGuard();
  await session.close();
  return { started, p50: percentile(times, 0.5), p99: percentile(times, 0.99), rate, held };
}

/** Median with the middle half, as `1.23 (1.20–1.31)`. */
function middle(numbers, digits = 2) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low, high] = [percentile(sorted, 0.25), percentile(sorted, 0.75)];
  return `${median(numbers).toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

const line = (what, text) => say(`  ${what.padEnd(46)} ${text}`);
const goal = (isMet, text) => `${isMet ? 'MET' : 'MISSED'} (goal: ${text})`;

function report(figures) {
  const ratios = (way, key) => figures[way].map((figure, at) => figure[key] / figures.direct[at][key]);
  for (const way of Object.keys(WAYS)) {
    say(`\n${way}`);
    const of = (key) => figures[way].map((figure) => figure[key]);
    line(
      'a call, p50 (µs)',
      middle(
        of('p50').map((ms) => ms * 1_000),
        0,
      ),
    );
    line(
      'a call, p99 (µs)',
      middle(
        of('p99').map((ms) => ms * 1_000),
        0,
      ),
    );
    line(
      'results of 10 MB (MB/s)',
      middle(
        of('rate').map((rate) => rate / 1e6),
        0,
      ),
    );
    line('start until the tools are listed (ms)', middle(of('started'), 0));
    if (way !== 'direct')
      line(
        'memory of what stands between (MiB)',
        middle(
          of('held').map((kib) => kib / 1024),
          0,
        ),
      );
  }
  for (const way of ['relay', 'guard', 'developer']) {
    say(`\n${way} / direct, round by round`);
    line('p50', middle(ratios(way, 'p50')));
    line('p99', middle(ratios(way, 'p99')));
    line('rate of 10 MB results', middle(ratios(way, 'rate')));
  }
  const [p50, p99, rate] = ['p50', 'p99', 'rate'].map((key) => median(ratios('guard', key)));
  say('');
  line('p50', `${p50.toFixed(2)} × ${goal(p50 <= GOALS.p50, `at most ${GOALS.p50} ×`)}`);
  line('p99', `${p99.toFixed(2)} × ${goal(p99 <= GOALS.p99, `at most ${GOALS.p99} ×`)}`);
  line('10 MB results', `${rate.toFixed(2)} × ${goal(rate >= GOALS.stream, `at least ${GOALS.stream} ×`)}`);
}

try {
  say(machine());
  say(
    `${rounds} rounds of ${calls} calls and ${BIG_COUNT} results of 10 MB each way, in turn; median (middle half)`,
  );
  prepare();
  const figures = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]));
  for (let at = 0; at < rounds; at += 1)
    for (const way of Object.keys(WAYS)) figures[way].push(await measured(way));
  report(figures);
} finally {
  rmSync(place, { recursive: true, force: true });
}
