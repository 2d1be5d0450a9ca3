import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';
import { METRIC_NAMES } from '../../central/metrics.ts';

const FILE = new URL('../../packaging/grafana/sealwatch-central.json', import.meta.url);
/** What a query may call or group by, beside metrics. */
const WORDS = /\b(?:sealwatch_central_|process_)[a-z_]+/g;

const dashboard = z
  .object({
    uid: z.string().max(40),
    schemaVersion: z.number().int().min(36),
    templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.string() })) }),
    panels: z.array(
      z.object({
        id: z.number(),
        title: z.string().min(1),
        gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
        targets: z.array(z.object({ refId: z.string(), expr: z.string() })).min(1),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(FILE, 'utf8')));
const queries = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query }) => query),
];

test('every query of the dashboard names metrics that exist', () => {
  const named = queries.flatMap((query) => query.match(WORDS) ?? []);
  assert.ok(named.length >= dashboard.panels.length);
  assert.deepEqual(
    named.filter((name) => !METRIC_NAMES.includes(name)),
    [],
  );
});

test('every metric is on the dashboard, or is a part of one that is', () => {
  const shown = new Set(queries.flatMap((query) => query.match(WORDS) ?? []).map(family));
  const families = new Set(METRIC_NAMES.map(family));
  const kept = [
    'sealwatch_central_alert_position',
    'sealwatch_central_feed_position',
    'process_start_time_seconds',
  ];
  assert.deepEqual([...families].filter((name) => !shown.has(name)).toSorted(), kept.toSorted());
});

/** Name of the histogram that a series belongs to, or the name itself. */
function family(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, '');
}

test('brackets of every query close, and no panel lies on another', () => {
  for (const query of queries) {
    let depth = 0;
    for (const char of query) {
      if ('([{'.includes(char)) depth += 1;
      if (')]}'.includes(char)) depth -= 1;
      assert.ok(depth >= 0, query);
    }
    assert.equal(depth, 0, query);
  }
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)}:${y + Math.floor(at / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
});
