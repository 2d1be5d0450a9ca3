import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factOfSelf } from '../../agent/enrich/agent-facts.ts';
import type { Fact } from '../../agent/fact.ts';
import { Pipeline, type PipelineOptions } from '../../agent/pipeline.ts';
import { loadRules } from '../../agent/rule-pack.ts';
import { Meta, openDatabase } from '../../agent/state/database.ts';
import { Spool } from '../../agent/state/spool.ts';
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
