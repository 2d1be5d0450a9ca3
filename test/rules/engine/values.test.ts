import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detects } from '../shared.ts';

const field = (item: string, event: unknown): boolean => detects(`s:\n  ${item}\ncondition: s`, event);

describe('a value', () => {
  it('is compared without regard to case, also beyond ASCII', () => {
    assert.equal(field('F: STRASSE', { F: 'strasse' }), true);
    assert.equal(field('F: ÄRGER', { F: 'ärger' }), true);
    assert.equal(field('F|contains: ΣΑΣ', { F: 'x σας x' }), true);
    assert.equal(field('F|cased: Plain', { F: 'plain' }), false);
  });

  it('takes * and ? anywhere, across line ends, and ? as one character of any plane', () => {
    assert.equal(field("F: 'a*b*c'", { F: 'a\nb b\nc' }), true);
    assert.equal(field("F: 'a*b*c'", { F: 'acb' }), false);
    assert.equal(field("F: 'ab*ba'", { F: 'aba' }), false);
    assert.equal(field("F: 'a?c'", { F: 'a😀c' }), true);
    assert.equal(field("F: 'a?c'", { F: 'ac' }), false);
    assert.equal(field("F: '*'", { F: '' }), true);
    assert.equal(field("F: '*'", { G: '' }), false);
  });

  it('escapes wildcards and itself with a backslash', () => {
    assert.equal(field(String.raw`F: 'a\*b'`, { F: 'a*b' }), true);
    assert.equal(field(String.raw`F: 'a\*b'`, { F: 'axb' }), false);
    assert.equal(field(String.raw`F: 'C:\\*'`, { F: 'C:\\x' }), true);
    assert.equal(field(String.raw`F: 'C:\Windows'`, { F: 'c:\\windows' }), true);
    assert.equal(field(String.raw`F|endswith: '\'`, { F: 'dir\\' }), true);
  });

  it('compares numbers with numbers and with texts', () => {
    assert.equal(field('F: 7045', { F: 7045 }), true);
    assert.equal(field('F: 7045', { F: '7045' }), true);
    assert.equal(field('F: 7045', { F: '70450' }), false);
    assert.equal(field("F: '7045'", { F: 7045 }), true);
    assert.equal(field('F: 1.10', { F: '1.10' }), true);
    assert.equal(field('F: 9007199254740993', { F: '9007199254740993' }), true);
    assert.equal(field('F|contains: 45', { F: 7045 }), true);
  });

  it('compares booleans with their texts', () => {
    assert.equal(field('F: true', { F: true }), true);
    assert.equal(field('F: true', { F: 'True' }), true);
    assert.equal(field("F: 'true'", { F: true }), true);
    assert.equal(field('F: true', { F: false }), false);
  });

  it('finds nothing with null: a missing field, null, an empty list', () => {
    assert.equal(field('F: null', { G: 1 }), true);
    assert.equal(field('F: null', { F: null }), true);
    assert.equal(field('F: null', { F: [] }), true);
    assert.equal(field('F: null', { F: '' }), false);
    assert.equal(field("F: ''", { F: '' }), true);
    assert.equal(field("F: ''", { F: null }), false);
    assert.equal(field("F: ''", { G: 1 }), false);
    assert.equal(field('F: [null, x]', { F: 'x' }), true);
    assert.equal(field('F|contains: n', { F: null }), false);
  });

  it('matches a list where one element does', () => {
    assert.equal(field('F: b', { F: ['a', 'b'] }), true);
    assert.equal(field('F|contains|all: [a, b]', { F: ['xa', 'xb'] }), true);
    assert.equal(field('F|contains|all: [a, z]', { F: ['xa', 'xb'] }), false);
  });

  it('does not fall for names of Object.prototype', () => {
    assert.equal(field('constructor|exists: true', { F: 1 }), false);
    assert.equal(field('__proto__|exists: true', JSON.parse('{"F":1}')), false);
    assert.equal(field('__proto__: x', JSON.parse('{"__proto__":"x"}')), true);
  });
});

describe('a detection', () => {
  it('as a map needs all its fields, as a list one of its maps', () => {
    assert.equal(detects('s:\n  A: 1\n  B: 1\ncondition: s', { A: 1 }), false);
    assert.equal(detects('s:\n  - A: 1\n    B: 1\n  - C: 1\ncondition: s', { C: 1 }), true);
    assert.equal(detects('s:\n  - A: 1\n    B: 1\n  - C: 1\ncondition: s', { A: 1 }), false);
  });

  it('as keywords searches the values of all fields', () => {
    const keywords = "k:\n  - 'bash -c'\n  - 'a*z'\ncondition: k";
    assert.equal(detects(keywords, { msg: 'sudo BASH -c id' }), true);
    assert.equal(detects(keywords, { other: ['x', '.a--z.'] }), true);
    assert.equal(detects(keywords, { nested: { deep: 'bash -c' } }), true);
    assert.equal(detects(keywords, { 'bash -c': 'x' }), false);
    assert.equal(detects('k: 4711\ncondition: k', { n: 4711 }), true);
  });

  it("as keywords under '|all' needs all of them, in any fields", () => {
    const all = "k:\n  '|all':\n    - one\n    - two\ncondition: k";
    assert.equal(detects(all, { a: 'one', b: 'two' }), true);
    assert.equal(detects(all, { a: 'one' }), false);
  });

  it('mixes maps and keywords in a list', () => {
    const mixed = 'k:\n  - needle\n  - F: x\ncondition: k';
    assert.equal(detects(mixed, { F: 'x' }), true);
    assert.equal(detects(mixed, { G: 'a needle' }), true);
    assert.equal(detects(mixed, { G: 'x' }), false);
  });
});
