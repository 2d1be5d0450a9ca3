import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detects, refusal, ruleText } from '../shared.ts';

const field = (item: string, event: unknown): boolean => detects(`s:\n  ${item}\ncondition: s`, event);
const refused = (item: string): string => refusal(ruleText(`s:\n  ${item}\ncondition: s`)).code;

describe('a modifier', () => {
  it('places a text', () => {
    assert.equal(field("F|startswith: 'a*c'", { F: 'abcd' }), true);
    assert.equal(field("F|endswith: 'c?'", { F: 'abcd' }), true);
    assert.equal(field('F|contains|cased: bC', { F: 'abcd' }), false);
  });

  it('re searches anywhere, with case, and takes i, m, s', () => {
    assert.equal(field("F|re: 'b+'", { F: 'abbc' }), true);
    assert.equal(field("F|re: 'B'", { F: 'abc' }), false);
    assert.equal(field("F|re|i: 'B'", { F: 'abc' }), true);
    assert.equal(field("F|re: '(?i)B'", { F: 'abc' }), true);
    assert.equal(field("F|re|m|i: '^B$'", { F: 'a\nb\nc' }), true);
    assert.equal(field("F|re|s: 'a.c'", { F: 'a\nc' }), true);
    assert.equal(field("F|re|startswith: 'b|c'", { F: 'ab' }), false);
    assert.equal(field("F|re|all: ['a', 'b']", { F: 'ab' }), true);
  });

  it('cidr knows IPv4, IPv6 and IPv4 inside IPv6', () => {
    assert.equal(field('F|cidr: 10.0.0.0/8', { F: '10.9.8.7' }), true);
    assert.equal(field('F|cidr: 10.0.0.0/8', { F: '::ffff:10.9.8.7' }), true);
    assert.equal(field('F|cidr: 10.0.0.0/8', { F: '11.0.0.0' }), false);
    assert.equal(field('F|cidr: 0.0.0.0/0', { F: '::1' }), false);
    assert.equal(field("F|cidr: '::1'", { F: '0:0:0:0:0:0:0:1' }), true);
    assert.equal(field('F|cidr: fe80::/10', { F: 'fe80::1%eth0' }), true);
    assert.equal(field('F|cidr: 192.168.0.0/16', { F: '192.168.0.0.evil.test' }), false);
  });

  it('windash lets a dash that opens a word be any dash, on both sides', () => {
    assert.equal(field("F|contains|windash: ' -enc '", { F: 'p /enc x' }), true);
    assert.equal(field("F|contains|windash: ' –enc '", { F: 'p -enc x' }), true);
    assert.equal(field("F|windash|contains: ' -a-b '", { F: 'p /a-b x' }), true);
    assert.equal(field("F|windash|contains: ' -a-b '", { F: 'p -a/b x' }), false);
  });

  it('encodes', () => {
    assert.equal(field('F|base64: fü', { F: 'ZsO8' }), true);
    assert.equal(field('F|utf16|base64: A', { F: '//5BAA==' }), true);
    assert.equal(field('F|wide|base64: é', { F: '6QA=' }), true);
    for (const text of ['c2g=', 'eHNo', 'eHhzaA==']) {
      assert.equal(field('F|base64offset|contains: sh', { F: text }), true, text);
    }
  });

  it('compares numbers, also inside texts, and nothing else', () => {
    assert.equal(field('F|gte: 10', { F: '10' }), true);
    assert.equal(field('F|lt: 10', { F: '9.5' }), true);
    assert.equal(field('F|lt: 10', { F: 'nine' }), false);
    assert.equal(field('F|lt: 10', { F: '' }), false);
    assert.equal(field('F|lt: 10', { F: true }), false);
    assert.equal(field('F|lt: 10', { G: 1 }), false);
  });

  it('neq is the negation of the whole item, also for lists and missing fields', () => {
    assert.equal(field('F|neq: a', { F: 'b' }), true);
    assert.equal(field('F|neq: [a, b]', { F: 'b' }), false);
    assert.equal(field('F|neq: a', { G: 1 }), true);
    assert.equal(field('F|contains|neq: a', { F: 'bab' }), false);
  });

  it('exists looks at the field, not at its value', () => {
    assert.equal(field('F|exists: true', { F: null }), true);
    assert.equal(field('F|exists: false', { F: '' }), false);
    assert.equal(field('F|exists: false', { G: '' }), true);
  });

  it('fieldref compares with another field', () => {
    assert.equal(field('F|fieldref: G', { F: 'A', G: 'a' }), true);
    assert.equal(field('F|fieldref|cased: G', { F: 'A', G: 'a' }), false);
    assert.equal(field('F|endswith|fieldref: G', { F: 'xa', G: 'a' }), true);
    assert.equal(field('F|fieldref: G', { F: null, G: null }), false);
    assert.equal(field('F|fieldref: G', {}), false);
  });

  it('takes parts of a timestamp in UTC', () => {
    assert.equal(field('F|hour: 15', { F: '2026-01-02T16:04:05+01:00' }), true);
    assert.equal(field('F|hour|gte: 22', { F: '2026-01-02 23:04' }), true);
    assert.equal(field('F|week: 53', { F: '2027-01-02' }), true);
    assert.equal(field('F|year: 2026', { F: 'in 2026' }), false);
  });

  it('is refused where it is unknown, unfilled or does not fit', () => {
    assert.equal(refused('F|bogus: x'), 'RULE_MODIFIER_UNKNOWN');
    assert.equal(refused('F|: x'), 'RULE_MODIFIER_UNKNOWN');
    assert.equal(refused("F|expand: '%Servers%'"), 'RULE_PLACEHOLDER_UNKNOWN');
    for (const chain of [
      'i',
      'contains|startswith',
      'contains|base64',
      're|cidr',
      'cidr|contains',
      're|base64',
      're|expand',
      'expand|re',
      'all|all',
    ]) {
      assert.equal(refused(`F|${chain}: x`), 'RULE_MODIFIER_CONFLICT', chain);
    }
    for (const key of ['|exists', '|fieldref', '|cidr', '|gt']) {
      assert.equal(refused(`'${key}': 1`), 'RULE_MODIFIER_CONFLICT', key);
    }
  });

  it('refuses values that it cannot take', () => {
    for (const item of [
      'F|cidr: 10.0.0.0/33',
      'F|cidr: nonsense',
      'F|gt: many',
      'F|exists: maybe',
      'F|contains: null',
      "F|base64: 'a*'",
      'F|hour: noon',
      'F: {a: b}',
      'F: [[a]]',
      'F: []',
      `F: '${'a*'.repeat(257)}'`,
      `F: ${'a'.repeat(16_385)}`,
    ]) {
      assert.equal(refused(item), 'RULE_VALUE_INVALID', item);
    }
  });

  it('refuses what RE2 refuses, and what would compile to too much', () => {
    for (const regex of [
      '(',
      '(?=a)',
      '(a)\\1',
      'a{1001}',
      '(a{100}){100}',
      'x'.repeat(4097),
      `(${'a'.repeat(1100)}){1000}`,
    ]) {
      assert.equal(refused(`F|re: '${regex}'`), 'RULE_REGEX_INVALID', regex.slice(0, 40));
    }
  });
});
