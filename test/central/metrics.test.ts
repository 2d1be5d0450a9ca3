import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRIC_NAMES, Metrics } from '../../central/metrics.ts';
import { watchProcess } from '../../central/process-metrics.ts';

const LINE = /^([a-z_]+)(?:\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"\})? (?:[0-9.e+-]+|\+Inf)$/;

/** Value of one series as it is told. */
async function seriesValue(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find((text) => text.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('every line is of the text format, and every name is a known one', async () => {
  const metrics = new Metrics();
  const unwatch = watchProcess(metrics);
  metrics.count('sealwatch_central_refusals_total', 1, 'odd "label"\\\nwith all that must be escaped');
  metrics.watch('sealwatch_central_feed_position', () => new Map([['a', 1]]));
  const lines = (await metrics.text()).trimEnd().split('\n');
  unwatch();
  for (const line of lines.filter((text) => !text.startsWith('#'))) {
    const name = LINE.exec(line)?.[1];
    assert.ok(name !== undefined, line);
    assert.ok(METRIC_NAMES.includes(name), name);
  }
  assert.ok(lines.some((line) => line.startsWith('process_open_fds ')));
});

test('the buckets of a histogram are cumulative', async () => {
  const metrics = new Metrics();
  for (const seconds of [0.0005, 0.2, 0.25, 60]) metrics.observe('sealwatch_central_ack_seconds', seconds);
  const bucket = (le: string) => seriesValue(metrics, `sealwatch_central_ack_seconds_bucket{le="${le}"}`);
  assert.equal(await bucket('0.001'), 1);
  assert.equal(await bucket('0.25'), 3);
  assert.equal(await bucket('10'), 3);
  assert.equal(await bucket('+Inf'), 4);
  assert.equal(await seriesValue(metrics, 'sealwatch_central_ack_seconds_count'), 4);
});

test('a metric has a bounded number of series whatever its labels are', async () => {
  const metrics = new Metrics();
  for (let at = 0; at < 1_000; at += 1) metrics.count('sealwatch_central_refusals_total', 1, `code-${at}`);
  const series = (await metrics.text()).match(/^sealwatch_central_refusals_total\{.*/gm) ?? [];
  assert.ok(series.length <= 257, `${series.length} series`);
  assert.equal(await seriesValue(metrics, 'sealwatch_central_refusals_total{code="other"}'), 1_000 - 256);
});

test('a gauge that cannot be read leaves the others as they are', async () => {
  const metrics = new Metrics();
  metrics.watch('sealwatch_central_search_lag', () => Promise.reject(new Error('no database')));
  metrics.watch('sealwatch_central_sessions', () => 3);
  assert.equal(await seriesValue(metrics, 'sealwatch_central_sessions'), 3);
  assert.equal(await seriesValue(metrics, 'sealwatch_central_search_lag'), undefined);
});
