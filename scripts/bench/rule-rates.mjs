// Measures rules: events a second, build time and memory, correlations, regular expressions; docs/performance.md has the figures.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { machine, median, say } from './figures.mjs';
import { shapedLike } from './rule-shapes.mjs';

const { values } = parseArgs({ options: { repeat: { type: 'string', default: '3' } } });
const root = join(import.meta.dirname, '..', '..');
const corpus = join(root, '..', 'shared', 'corpus', 'sigma', 'rules');
const GOALS = { linux: 400_000, linuxJson: 200_000, all: 250_000, made1500: 2, made5000: 4 };

/** Events with the 22 fields more that the agent gives them. */
const INSIDE = 'our pack, on what servers start';

const textsOf = (directory) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8'));

function ruleSets() {
  const pack = textsOf(join(root, 'rules', 'mcp'));
  if (!existsSync(corpus)) {
    say(`SKIPPED: the sets with community rules; they are not there: ${corpus}`);
    return { 'our pack': pack, [INSIDE]: pack };
  }
  const all = textsOf(corpus);
  const isLinuxProcess = (text) =>
    /^ {4}category: process_creation$/m.test(text) && /^ {4}product: linux$/m.test(text);
  const linux = all.filter(isLinuxProcess);
  return {
    'linux process_creation': linux,
    'all of the corpus and our pack': [...all, ...pack],
    '1,500 made, routed': shapedLike(all, 1_500),
    '5,000 made, routed': shapedLike(all, 5_000),
    '1,500 made, all linux process_creation': shapedLike(linux, 1_500),
    '5,000 made, all linux process_creation': shapedLike(linux, 5_000),
    'our pack': pack,
    [INSIDE]: pack,
  };
}

/** One process for each, so that none runs in what another left behind; pinned to a core where that can be. */
function measured(name, texts, engine, directory) {
  const list = join(directory, 'rules.json');
  writeFileSync(list, JSON.stringify(texts));
  const child = [
    process.execPath,
    '--expose-gc',
    join(root, 'scripts', 'bench', 'rule-rounds.mjs'),
    engine,
    list,
    name === INSIDE ? 'server' : 'host',
  ];
  const pinned = process.platform === 'linux' && existsSync('/usr/bin/taskset');
  const [command, ...args] = pinned ? ['taskset', '-c', '1', ...child] : child;
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  if (done.status !== 0) throw new Error(`${name}: the measuring process ended with ${done.status}`);
  return JSON.parse(done.stdout);
}

const thousand = (rate) => (rate / 1_000).toFixed(rate < 10_000 ? 1 : 0);
const spreadOf = (rates) =>
  `${thousand(median(rates))} (${thousand(Math.min(...rates))}–${thousand(Math.max(...rates))})`;

function table(results) {
  say(
    '\n| rules | loaded | events/s, thousand | with JSON | JSON alone | one by one | build | index | tables | heap |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|');
  for (const [name, rounds] of results) {
    const of = (key) => rounds.flatMap((round) => round[key]);
    const [{ loaded, tables }] = rounds;
    const parts = [
      name,
      loaded,
      spreadOf(of('matched')),
      spreadOf(of('fromJson')),
      spreadOf(of('jsonAlone')),
      spreadOf(of('oneByOne')),
      `${median(of('build')).toFixed(0)} ms`,
      `${median(of('index')).toFixed(0)} ms`,
      `${(tables / 2 ** 20).toFixed(1)} MiB`,
      `${(median(of('heap')) / 2 ** 20).toFixed(0)} MiB`,
    ];
    say(`| ${parts.join(' | ')} |`);
  }
}

function judge(what, figure, goal, isMet, unit = '') {
  say(`${isMet ? 'met' : 'MISSED'}: ${what}: ${figure}${unit}, goal ${goal}${unit}`);
}

function goals(results) {
  const rate = (name, key = 'matched') => median((results.get(name) ?? []).flatMap((round) => round[key]));
  const linux = rate('linux process_creation');
  if (Number.isNaN(linux)) return;
  const json = rate('linux process_creation', 'fromJson');
  const all = rate('all of the corpus and our pack');
  say('');
  judge('linux process_creation', Math.round(linux), GOALS.linux, linux >= GOALS.linux, ' events/s');
  judge('the same with JSON', Math.round(json), GOALS.linuxJson, json >= GOALS.linuxJson, ' events/s');
  judge('all of the corpus and our pack', Math.round(all), GOALS.all, all >= GOALS.all, ' events/s');
  for (const [name, goal] of [
    ['1,500 made, routed', GOALS.made1500],
    ['5,000 made, routed', GOALS.made5000],
  ]) {
    const ratio = linux / rate(name);
    judge(`${name}, time against linux process_creation`, ratio.toFixed(2), goal, ratio <= goal, ' ×');
  }
  for (const name of ['1,500', '5,000'].map((count) => `${count} made, all linux process_creation`)) {
    say(`without routing: ${name}: ${(linux / rate(name)).toFixed(2)} × the time`);
  }
  const plain = rate('linux process_creation', 'oneByOne');
  say(
    `the index against trying every rule, linux process_creation: ${(linux / plain).toFixed(0)} × as many events`,
  );
}

const directory = mkdtempSync(join(tmpdir(), 'sealwatch-bench-'));
try {
  const engine = join(directory, 'engine.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/bench/rule-engine.mjs'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    outfile: engine,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  say(`${machine()}; one core; events of 400 bytes, 1 % of them attacks; median (lowest–highest)`);
  const results = new Map();
  for (let round = 0; round < Number(values.repeat); round += 1) {
    for (const [name, texts] of Object.entries(ruleSets()).filter(
      ([name]) => !process.env.ONLY || name.startsWith(process.env.ONLY),
    )) {
      results.set(name, [...(results.get(name) ?? []), measured(name, texts, engine, directory)]);
    }
  }
  table(results);
  goals(results);
  const extra = join(root, 'scripts', 'bench', 'rule-extremes.mjs');
  spawnSync(process.execPath, [extra, engine], { stdio: 'inherit' });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
