import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Course, compileWith, correlation, course } from './shared.ts';

describe('a hit', () => {
  it('says what took part', () => {
    const body =
      'type: event_count\nrules: [a, b, c]\ngroup-by: [User, Host]\ntimespan: 10s\ncondition:\n  gte: 2';
    const it = course(body);
    it.hits({ is: 'c', User: 'Root' }, 5);
    const [hit] = it.hits({ is: 'a', User: 'root' }, 7);
    assert.deepEqual(hit === undefined ? undefined : { ...hit, rule: hit.rule.name }, {
      rule: 'it',
      group: { User: 'root', Host: null },
      value: 2,
      count: 2,
      first: 5_000,
      last: 7_000,
      rules: ['a', 'c'],
      refire: false,
    });
  });

  it('is a refire while no timespan passes without one', () => {
    const it = course('type: event_count\nrules: [a]\ngroup-by: [U]\ntimespan: 10s\ncondition:\n  gte: 1');
    const refires = [0, 10, 20, 31].map((at) => it.hits({ is: 'a', U: 'x' }, at)[0]?.refire);
    assert.deepEqual(refires, [false, true, true, false]);
    assert.equal(it.hits({ is: 'a', U: 'y' }, 32)[0]?.refire, false);
  });
});

describe('nested correlations', () => {
  const inner = (more: string): string =>
    correlation('inner', `type: event_count\nrules: [a]\ntimespan: 10s\ncondition:\n  gte: 2\n${more}`);

  it('are events for those that refer to them, at the same time and after the event itself', () => {
    const outer = correlation('outer', 'type: temporal_ordered\nrules: [a, inner]\ntimespan: 1m');
    const it = new Course(compileWith(outer, inner('')));
    const names = [0, 1].map((at) => it.hits({ is: 'a' }, at).map(({ rule }) => rule.name));
    assert.deepEqual(names, [[], ['inner', 'outer']]);
  });

  it('carry the fields of the event that made them fire; the outer groups by its own', () => {
    const outer = correlation('outer', 'type: temporal\nrules: [inner, b]\ngroup-by: [User]\ntimespan: 1m');
    const it = new Course(compileWith(outer, inner('group-by: [Host]')));
    it.hits({ is: 'a', Host: 'h', User: 'x' }, 0);
    it.hits({ is: 'a', Host: 'h', User: 'y' }, 1);
    assert.deepEqual(it.hits({ is: 'b', User: 'x' }, 2), []);
    assert.deepEqual(
      it.hits({ is: 'b', User: 'y' }, 3).map(({ group }) => group),
      [{ User: 'y' }],
    );
  });

  it('carry their aliases as fields, to any depth', () => {
    const aliases = 'group-by: [ip]\naliases:\n  ip:\n    a: src';
    const middle = correlation('middle', 'type: temporal\nrules: [inner]\ntimespan: 1m');
    const outer = correlation('outer', 'type: temporal\nrules: [middle]\ngroup-by: [ip, src]\ntimespan: 1m');
    const it = new Course(compileWith(outer, middle, inner(aliases)));
    it.hits({ is: 'a', src: '::1' }, 0);
    assert.deepEqual(
      it.hits({ is: 'a', src: '::1' }, 1).map(({ rule, group }) => [rule.name, group]),
      [
        ['inner', { ip: '::1' }],
        ['middle', {}],
        ['outer', { ip: '::1', src: '::1' }],
      ],
    );
  });

  it('keep the fields of the event as they are', () => {
    const outer = correlation('outer', 'type: temporal\nrules: [inner, a]\ngroup-by: [Host]\ntimespan: 1m');
    const it = new Course(compileWith(outer, inner('group-by: [Host]')));
    it.hits({ is: 'a', Host: ['x', 'y'] }, 0);
    assert.deepEqual(
      it.hits({ is: 'a', Host: ['x', 'y'] }, 1).map(({ rule }) => rule.name),
      ['inner', 'outer'],
    );
  });
});
