import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Correlator } from '../../../../rules/engine/correlate/correlator.ts';
import { keyOf } from '../../../../rules/engine/correlate/token.ts';
import { Course, compileWith, correlation, course } from './shared.ts';

const BODY = 'type: event_count\nrules: [a]\ngroup-by: [F]\ntimespan: 10s\ncondition:\n  gte: 1';
const event = (F: string): Readonly<Record<string, unknown>> => ({ is: 'a', F });

describe('the memory of correlations', () => {
  it('lets the oldest entry of a group go at the limit of the group', () => {
    const it = course(BODY, { entries: 3 });
    assert.deepEqual(it.values([0, 1, 2, 3, 4].map((at) => [at, event('x')])), [1, 2, 3, 3, 3]);
    assert.deepEqual(it.correlator.evicted, { groups: 0, entries: 2 });
    assert.equal(it.hits(event('x'), 5)[0]?.first, 3_000);
  });

  it('lets the group go that waits longest at the limit of groups', () => {
    const it = course(BODY, { groups: 2 });
    const steps = ['x', 'x', 'y', 'x', 'z', 'x', 'y'].map((F, at) => [at, event(F)] as const);
    assert.deepEqual(it.values(steps), [1, 2, 1, 3, 1, 4, 1]);
    assert.deepEqual(it.correlator.evicted, { groups: 2, entries: 2 });
    assert.deepEqual(it.correlator.held, { groups: 2, entries: 5 });
  });

  it('knows which group waits longest after one in between was touched', () => {
    const it = course(BODY, { groups: 3 });
    const steps = ['x', 'y', 'z', 'y', 'u', 'v', 'y', 'u', 'v', 'w', 'u'].map(
      (F, at) => [at / 10, event(F)] as const,
    );
    assert.deepEqual(it.values(steps), [1, 1, 1, 2, 1, 1, 3, 2, 2, 1, 3]);
  });

  it('lets the group go that waits longest, of any correlation, at the limit of all entries', () => {
    const documents = [correlation('it', BODY), correlation('other', BODY.replace('[a]', '[b]'))];
    for (const order of [documents, documents.toReversed()]) {
      const it = new Course(compileWith(...order), { total: 3 });
      it.hits({ is: 'b', F: 'x' }, 0);
      it.hits({ is: 'b', F: 'x' }, 1);
      it.hits(event('x'), 2);
      it.hits(event('y'), 3);
      assert.deepEqual(it.correlator.evicted, { groups: 1, entries: 2 });
      assert.deepEqual(it.correlator.held, { groups: 2, entries: 2 });
      assert.equal(it.hits(event('x'), 4)[0]?.value, 2);
    }
  });

  it('lets the group go that waits longest, of any correlation, at the limit of all groups', () => {
    const other = correlation('other', BODY.replace('[a]', '[b]'));
    const it = new Course(compileWith(correlation('it', BODY), other), { totalGroups: 2 });
    for (const [at, is] of ['b', 'a', 'b', 'a'].entries()) it.hits({ is, F: `x${at}` }, at);
    assert.deepEqual(it.correlator.evicted, { groups: 2, entries: 2 });
    assert.deepEqual(it.correlator.held, { groups: 2, entries: 2 });
    assert.equal(it.hits({ is: 'b', F: 'x2' }, 5)[0]?.value, 2);
  });

  it('lets the oldest entries of the only group go at the limit of all entries', () => {
    const it = course(BODY, { total: 2 });
    assert.deepEqual(it.values([0, 1, 2, 3].map((at) => [at, event('x')])), [1, 2, 2, 2]);
    assert.deepEqual(it.correlator.evicted, { groups: 0, entries: 2 });
  });

  it('keeps an ordered run true to what the limits left', () => {
    const it = course('type: temporal_ordered\nrules: [a, b]\ntimespan: 1m', { entries: 2 });
    const steps = ['a', 'b', 'b', 'b', 'a', 'b'].map((is, at) => [at, { is }] as const);
    assert.deepEqual(it.values(steps), [null, 2, null, null, null, 2]);
  });

  it('is given back when the window of a group has passed', () => {
    const it = course(BODY);
    for (let at = 0; at < 500; at += 1) it.hits(event(`x${at}`), at / 100);
    assert.equal(it.correlator.held.groups, 500);
    it.hits(event('y'), 24.5);
    assert.deepEqual(it.correlator.held, { groups: 51, entries: 51 });
    it.hits(event('y'), 50);
    assert.deepEqual(it.correlator.held, { groups: 1, entries: 1 });
    assert.deepEqual(it.correlator.evicted, { groups: 0, entries: 0 });
  });

  it('is given back once, in whichever order groups were touched', () => {
    const it = course(BODY);
    for (const [at, F] of ['x', 'y', 'z', 'y'].entries()) it.hits(event(F), at);
    it.hits(event('w'), 50);
    assert.deepEqual(it.correlator.held, { groups: 1, entries: 1 });
  });

  it('is given back by correlations that no event reaches any more', () => {
    const other = correlation('other', BODY.replace('[a]', '[b]'));
    const it = new Course(compileWith(correlation('it', BODY), other));
    for (let at = 0; at < 100; at += 1) it.hits({ is: 'b', F: `x${at}` }, 0);
    for (let at = 0; at < 2; at += 1) it.hits(event('x'), 21 + at);
    assert.deepEqual(it.correlator.held, { groups: 1, entries: 2 });
  });

  it('is given back after the clock was set back', () => {
    const it = course(BODY);
    for (let at = 0; at < 100; at += 1) it.hits(event(`x${at}`), 100_000);
    for (let at = 0; at < 60; at += 1) it.hits(event('y'), 1_000 + at);
    assert.deepEqual(it.correlator.held, { groups: 1, entries: 11 });
  });

  it('keeps a digest of a long text', () => {
    const key = (F: string): string => keyOf({ fields: { F } }, ['F']);
    assert.equal(key('x'.repeat(128)).length, 134);
    assert.ok(key('x'.repeat(100_000)).length < 134);
    const it = course(BODY);
    it.hits(event('x'.repeat(100_000)), 0);
    const [hit] = it.hits(event('X'.repeat(100_000)), 1);
    assert.equal(hit?.value, 2);
    assert.equal(hit?.group['F']?.length, 100_000);
  });
});

describe('a reload', () => {
  const adopt = (former: string, next: string): Course => {
    const old = new Course(compileWith(correlation('it', former)), { entries: 2 });
    for (const at of [0, 1, 2]) old.hits(event('x'), at);
    const it = new Course(compileWith(correlation('it', next)));
    it.correlator.adopt(old.correlator);
    return it;
  };

  it('keeps the windows of a correlation that stayed the same', () => {
    const it = adopt(BODY, `${BODY}\ngenerate: true`);
    assert.deepEqual(it.correlator.held, { groups: 1, entries: 2 });
    assert.deepEqual(it.correlator.evicted, { groups: 0, entries: 1 });
    const [hit] = it.hits(event('x'), 3);
    assert.equal(hit?.value, 3);
    assert.equal(hit?.refire, true);
    assert.equal(hit?.rule, it.set.correlations[0]?.rule);
  });

  it('forgets the windows of one that changed', () => {
    for (const next of [
      BODY.replace('10s', '20s'),
      BODY.replace('[F]', '[G]'),
      BODY.replace('gte: 1', 'gte: 0'),
      BODY.replace('[a]', '[a, b]'),
    ]) {
      const it = adopt(BODY, next);
      assert.deepEqual(it.correlator.held, { groups: 0, entries: 0 }, next);
      assert.equal(it.hits(event('x'), 3)[0]?.value, 1);
    }
  });

  it('applies the new limits', () => {
    const old = course(BODY);
    for (const F of ['x', 'y', 'z']) old.hits(event(F), 0);
    const correlator = new Correlator(old.set.correlations, { groups: 2 });
    correlator.adopt(old.correlator);
    assert.deepEqual(correlator.held, { groups: 2, entries: 2 });
    assert.deepEqual(correlator.evicted, { groups: 1, entries: 1 });
  });
});
