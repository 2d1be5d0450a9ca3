// Second part of the benchmark of rules: hostile regular expressions on ever longer texts, and correlations.

import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { median, say } from './figures.mjs';

const [engine] = process.argv.slice(2);
const root = join(import.meta.dirname, '..', '..');
const { compileRules, RuleStream } = await import(pathToFileURL(engine).href);
const { HOSTILE_PATTERNS, hostileText } = await import(
  pathToFileURL(join(root, 'test', 'rules', 'engine', 'hostile-patterns.ts')).href
);

const LENGTHS = [2_000, 4_000, 8_000, 16_000];

/** Milliseconds that each expression takes for a text of each length. */
function hostileTimes() {
  return HOSTILE_PATTERNS.map((pattern) => {
    const rule = `title: t\ndetection:\n  s:\n    F|re: ${JSON.stringify(pattern.source)}\n  condition: s\n`;
    const rules = compileRules([{ path: 'h.yml', text: rule }]);
    if (rules.refused.length > 0) throw new Error(`${pattern.source}: ${rules.refused[0].message}`);
    return LENGTHS.map((length) => {
      const text = hostileText(pattern, length);
      return Math.min(
        ...[1, 2, 3].map((turn) => {
          const start = performance.now();
          // No text twice: the engine keeps answers.
          rules.match({ fields: { F: `${turn}${text}` } });
          return performance.now() - start;
        }),
      );
    });
  });
}

const times = hostileTimes();
const sums = LENGTHS.map((_, at) => times.reduce((sum, each) => sum + each[at], 0));
say(`\n300 hostile regular expressions, on texts of ${LENGTHS.join(', ')} characters that almost match:`);
say(
  `all of them: ${sums.map((sum) => `${sum.toFixed(0)} ms`).join(', ')}; each text twice as long takes ${sums
    .slice(1)
    .map((sum, at) => (sum / sums[at]).toFixed(2))
    .join(', ')} × the time (linear is 2, quadratic 4)`,
);
const worst = Math.max(...times.map((each) => each.at(-1)));
say(
  `the slowest: ${worst.toFixed(1)} ms for ${LENGTHS.at(-1)} characters, ${((worst * 1e6) / LENGTHS.at(-1)).toFixed(0)} ns a character`,
);

const BASE = 'title: base\nid: base\ndetection:\n  s:\n    F: x\n  condition: s\n---\n';
const CORRELATIONS = {
  event_count: 'condition:\n    gte: 100',
  value_count: 'condition:\n    field: V\n    gte: 100',
  value_sum: 'condition:\n    field: N\n    gte: 1000000',
};
for (const [type, condition] of Object.entries(CORRELATIONS)) {
  const text = `${BASE}title: c\nid: c\ncorrelation:\n  type: ${type}\n  rules: [base]\n  group-by: [G]\n  timespan: 60s\n  ${condition}\n`;
  const stream = new RuleStream(compileRules([{ path: 'c.yml', text }]));
  const rates = [];
  let clock = 0;
  for (let round = 0; round < 8; round += 1) {
    const start = process.cpuUsage().user;
    for (let count = 0; count < 50_000; count += 1) {
      clock += 2;
      stream.take({ fields: { F: 'x', G: `g${count % 500}`, V: `v${count % 1_801}`, N: count } }, clock);
    }
    if (round > 2) rates.push(50_000 / ((process.cpuUsage().user - start) / 1e6));
  }
  say(
    `${type}, 500 groups, 60 entries each in the window: ${Math.round(median(rates) / 1_000)} thousand correlated events/s`,
  );
}
