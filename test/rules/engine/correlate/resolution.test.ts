import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silenced } from '../../../../rules/engine/correlate/resolution.ts';
import { compileRules } from '../../../../rules/engine/index.ts';
import { compileWith, correlation, detection } from './shared.ts';

const of = (name: string, rules: string, more = ''): string =>
  correlation(name, `type: temporal\nrules: [${rules}]\ntimespan: 1m\n${more}`);

/** The members of each correlation, in the order of the set. */
function resolved(...files: readonly (readonly string[])[]): {
  readonly taken: readonly string[];
  readonly refused: readonly string[];
} {
  const set = compileRules(
    files.map((documents, at) => ({ path: `f${at}.yml`, text: documents.join('---\n') })),
  );
  return {
    taken: set.correlations.map(
      ({ rule, members }) => `${rule.name}: ${members.map((member) => member.rule.id).join(' ')}`,
    ),
    refused: set.refused.map(({ code, line, path }) => `${path}:${line} ${code}`),
  };
}

describe('references of a correlation', () => {
  it('go by id, by name and by title', () => {
    const { taken } = resolved([
      detection('a'),
      detection('b'),
      of('x', 'id-a, b'),
      of('y', 'Title of a, id-b'),
    ]);
    assert.deepEqual(taken, ['x: id-a id-b', 'y: id-a id-b']);
  });

  it('prefer an id to a name, and a name to a title', () => {
    const named = detection('a').replace('id: id-a', 'id: b');
    const titled = detection('c').replace('Title of c', 'd');
    const { taken } = resolved([named, detection('b'), titled, detection('d'), of('x', 'b, d')]);
    assert.deepEqual(taken, ['x: b id-d']);
  });

  it('prefer the same file, then the first', () => {
    const other = detection('a').replace('id: id-a', 'id: other');
    assert.deepEqual(resolved([detection('a')], [other, of('x', 'a')]).taken, ['x: other']);
    assert.deepEqual(resolved([detection('a')], [other], [of('x', 'a')]).taken, ['x: id-a']);
  });

  it('may stand before what they refer to, in another file, and be nested', () => {
    const { taken, refused } = resolved(
      [of('outer', 'middle, a')],
      [of('middle', 'inner')],
      [of('inner', 'a'), detection('a')],
    );
    assert.deepEqual(refused, []);
    assert.deepEqual(taken, ['inner: id-a', 'middle: inner', 'outer: middle id-a']);
  });

  it('put each correlation once, after all that it refers to', () => {
    const { taken } = resolved([
      of('outer', 'inner, middle'),
      of('middle', 'inner'),
      of('inner', 'a'),
      detection('a'),
    ]);
    assert.deepEqual(taken, ['inner: id-a', 'middle: inner', 'outer: inner middle']);
  });

  it('are refused where nothing has the name, with the line of the reference', () => {
    const { taken, refused } = resolved([detection('a'), of('x', 'a, nothing'), of('y', 'a')]);
    assert.deepEqual(taken, ['y: id-a']);
    assert.deepEqual(refused, ['f0.yml:13 RULE_REFERENCE_UNKNOWN']);
  });

  it('are refused where what they refer to was refused, however far', () => {
    const { taken, refused } = resolved([of('x', 'nothing'), of('y', 'x'), of('z', 'y')]);
    assert.deepEqual(taken, []);
    assert.deepEqual(refused, [
      'f0.yml:5 RULE_REFERENCE_UNKNOWN',
      'f0.yml:12 RULE_REFERENCE_UNKNOWN',
      'f0.yml:19 RULE_REFERENCE_UNKNOWN',
    ]);
  });

  it('are refused in a circle; what only needs the circle is refused for that', () => {
    const { taken, refused } = resolved([
      of('x', 'y'),
      of('y', 'x'),
      of('self', 'self'),
      of('outside', 'x'),
      of('free', 'a'),
      detection('a'),
    ]);
    assert.deepEqual(taken, ['free: id-a']);
    assert.deepEqual(refused, [
      'f0.yml:5 RULE_REFERENCE_CYCLE',
      'f0.yml:12 RULE_REFERENCE_CYCLE',
      'f0.yml:19 RULE_REFERENCE_CYCLE',
      'f0.yml:26 RULE_REFERENCE_UNKNOWN',
    ]);
  });

  it('are refused where two of them are one rule', () => {
    assert.deepEqual(resolved([detection('a'), of('x', 'a, id-a')]).refused, [
      'f0.yml:13 RULE_CORRELATION_INVALID',
    ]);
  });

  it('are refused where an alias speaks of a rule that is not among them', () => {
    const aliases = 'aliases:\n  ip:\n    a: src\n    b: dst';
    assert.deepEqual(resolved([detection('a'), detection('b'), of('x', 'a', aliases)]).refused, [
      'f0.yml:26 RULE_CORRELATION_INVALID',
    ]);
  });
});

describe('a rule that a correlation refers to', () => {
  const silent = (...documents: readonly string[]): readonly string[] =>
    [...silenced(compileWith(...documents).correlations)].map(({ name }) => name).sort();

  it('is silent, and so is a correlation', () => {
    assert.deepEqual(silent(of('x', 'a'), of('y', 'x, b')), ['a', 'b', 'x']);
  });

  it('alerts where one of the correlations says generate', () => {
    assert.deepEqual(silent(of('x', 'a, b', 'generate: true'), of('y', 'b, c')), ['c']);
  });

  it('alerts where nothing refers to it', () => {
    assert.deepEqual(silent(of('x', 'a')), ['a']);
  });
});
