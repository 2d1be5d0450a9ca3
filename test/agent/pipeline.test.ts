import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factOfSelf } from '../../agent/enrich/agent-facts.ts';
import type { Fact } from '../../agent/fact.ts';
import { Pipeline, type PipelineOptions } from '../../agent/pipeline.ts';
import { loadRules } from '../../agent/rules/rule-files.ts';
import { Meta, openDatabase } from '../../agent/state/database.ts';
import { Spool } from '../../agent/state/spool.ts';
import { compileRules } from '../../rules/engine/index.ts';
import type { Alert } from '../../wire/index.ts';
import { TempDirectory } from '../temp-directory.ts';

const RULES = loadRules([new URL('../../rules/mcp', import.meta.url).pathname]);

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

function lost(count: number): Fact {
  const fact = factOfSelf({ kind: 'loss', time: count, stage: 'queue', count, detail: 'x' }, 'root');
  assert.ok(fact);
  return fact;
}

function open(state: TempDirectory, more: Partial<PipelineOptions> = {}, cap?: number) {
  const database = openDatabase(state.path);
  const spool = new Spool(database, new Meta(database), cap);
  const told: Alert[][] = [];
  const pipeline = new Pipeline({
    database,
    spool,
    rules: RULES,
    host: 'h',
    onDurable: (alerts) => told.push([...alerts]),
    onLost: () => {},
    log: SILENT,
    ...more,
  });
  return { database, spool, pipeline, told };
}

test('what is submitted together is committed together, in order', () => {
  using state = new TempDirectory();
  const { pipeline, told, spool, database } = open(state);
  pipeline.submit({ facts: [lost(1), lost(2)] });
  pipeline.submit({ facts: [lost(3)] });
  assert.equal(spool.last, 0);
  pipeline.flush();
  assert.deepEqual(
    told.map((alerts) => alerts.map(({ seq, event }) => [seq, event['agent.count']])),
    [
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
    ],
  );
  pipeline.flush();
  assert.equal(told.length, 1);
  database.close();
});

test('an alert and what is remembered with it are stored together or not at all', () => {
  using state = new TempDirectory();
  const { pipeline, told, spool, database } = open(state);
  let full = true;
  pipeline.submit({ facts: [lost(1)], remember: () => new Meta(database).set('k', 'v') });
  pipeline.submit({
    facts: [lost(2)],
    remember: () => {
      if (full) throw new Error('disk');
    },
  });
  pipeline.flush();
  assert.deepEqual([told, spool.last, spool.waiting, new Meta(database).get('k')], [[], 0, 0, null]);
  full = false;
  pipeline.submit({ facts: [lost(3)] });
  pipeline.flush();
  assert.deepEqual(
    told[0]?.map(({ event }) => event['agent.count']),
    [1, 2, 3],
    'what waited comes first',
  );
  assert.equal(new Meta(database).get('k'), 'v');
  database.close();
});

test('the alert about a full spool does not cause the next eviction', () => {
  using state = new TempDirectory();
  let evictions = 0;
  const { pipeline, database } = open(
    state,
    {
      onLost: (_stage, count) => {
        evictions += 1;
        if (evictions < 20) pipeline.submit({ facts: [lost(count)] });
      },
    },
    64 * 1024,
  );
  for (let round = 0; evictions === 0; round += 1) {
    pipeline.submit({ facts: [lost(round + 1)] });
    pipeline.flush();
  }
  for (let round = 0; round < 5; round += 1) pipeline.flush();
  assert.equal(evictions, 1);
  database.close();
});

const BURST = (timespan: string, count: number) => `title: base
name: base
author: A
logsource: {category: agent, product: sealwatch}
detection:
  s:
    agent.event: events_lost
  condition: s
---
title: burst
name: burst
level: high
author: B
license: DRL
correlation:
  type: event_count
  rules: [base]
  group-by: [agent.stage]
  timespan: ${timespan}
  condition: {gte: ${count}}
`;

function burstRules(timespan = '1m', count = 3) {
  const set = compileRules([{ path: 'burst.yml', text: BURST(timespan, count) }]);
  assert.deepEqual(set.refused, []);
  return set;
}

function lostAt(time: number, stage: 'queue' | 'spool' = 'queue'): Fact {
  const fact = factOfSelf({ kind: 'loss', time, stage, count: 1, detail: `at ${time}` }, 'root');
  assert.ok(fact);
  return fact;
}

test('a correlation is an alert with its last event and what was correlated; while it goes on it is folded', () => {
  using state = new TempDirectory();
  const { pipeline, told, database } = open(state, { rules: burstRules() });
  const start = Date.parse('2026-11-28T12:00:00Z');
  for (const second of [0, 10, 20, 30, 40]) pipeline.submit({ facts: [lostAt(start + second * 1_000)] });
  pipeline.submit({ facts: [lostAt(start + 41_000, 'spool')] });
  pipeline.flush();
  const [alert, ...others] = told.flat();
  assert.deepEqual([others.length, pipeline.folded], [0, 2]);
  assert.deepEqual(
    [alert?.rule.name, alert?.rule.author, alert?.rule.license, alert?.time],
    ['burst', 'B', 'DRL', '2026-11-28T12:00:20.000Z'],
  );
  const event: Alert['event'] = alert?.event ?? {};
  assert.equal(event['agent.detail'], `at ${start + 20_000}`);
  assert.deepEqual(
    ['value', 'count', 'first', 'last', 'rules', 'group'].map((name) => event[`correlation.${name}`]),
    [3, 3, '2026-11-28T12:00:00.000Z', '2026-11-28T12:00:20.000Z', ['base'], ['agent.stage=queue']],
  );
  const later = start + 10 * 60_000;
  for (const second of [0, 1, 2]) pipeline.submit({ facts: [lostAt(later + second * 1_000)] });
  pipeline.flush();
  assert.equal(told.flat().length, 2, 'after a pause it is told again');
  database.close();
});

test('an event counts once in a correlation, though its alert has to be stored again', () => {
  using state = new TempDirectory();
  const { pipeline, told, database } = open(state, { rules: burstRules() });
  let full = true;
  const remember = () => {
    if (full) throw new Error('disk');
  };
  for (const time of [1_000, 2_000]) pipeline.submit({ facts: [lostAt(time)], remember });
  for (let round = 0; round < 3; round += 1) pipeline.flush();
  full = false;
  pipeline.flush();
  assert.deepEqual(told.flat(), []);
  pipeline.submit({ facts: [lostAt(3_000)] });
  pipeline.flush();
  assert.deepEqual(
    told.flat().map(({ event }) => event['correlation.count']),
    [3],
  );
  database.close();
});

test('other rules count from the next event on, and correlations that stayed remember what they saw', () => {
  using state = new TempDirectory();
  const { pipeline, told, database } = open(state, { rules: burstRules() });
  for (const time of [1_000, 2_000]) pipeline.submit({ facts: [lostAt(time)] });
  const more = {
    path: 'more.yml',
    text: 'title: more\nlogsource: {category: agent}\ndetection: {s: {agent.stage: queue}, condition: s}\n',
  };
  pipeline.replaceRules(compileRules([{ path: 'burst.yml', text: BURST('1m', 3) }, more]));
  pipeline.submit({ facts: [lostAt(3_000)] });
  pipeline.flush();
  assert.deepEqual(
    told
      .flat()
      .map(({ rule }) => rule.name)
      .sort(),
    ['burst', 'more'],
  );
  database.close();
});

test('what correlations have to forget is told, but at most once a minute', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  using state = new TempDirectory();
  const losses: [string, number][] = [];
  const { pipeline, database } = open(state, {
    rules: burstRules('1d', 20_000),
    onLost: (stage, count) => losses.push([stage, count]),
  });
  let time = 0;
  const flood = (count: number) => {
    for (const end = time + count; time < end; time += 1) pipeline.submit({ facts: [lostAt(time)] });
  };
  flood(10_000);
  assert.equal(losses.length, 0);
  flood(500);
  assert.deepEqual(
    losses.map(([stage, count]) => [stage, count >= 1]),
    [['correlation', true]],
  );
  context.mock.timers.tick(60_000);
  assert.equal(losses.length, 2);
  const { groups, entries } = pipeline.evicted;
  assert.equal(
    losses.reduce((sum, [, each]) => sum + each, 0),
    groups + entries,
  );
  context.mock.timers.tick(120_000);
  assert.equal(losses.length, 2);
  pipeline.close();
  database.close();
});
