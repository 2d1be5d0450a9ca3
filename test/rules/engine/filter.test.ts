import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules, type RuleSet } from '../../../rules/engine/index.ts';
import { refusal } from '../shared.ts';

const RULE =
  'title: A rule\nid: one\nname: first\nlogsource:\n  product: linux\n  category: file_event\ndetection:\n  s:\n    F: x\n  condition: s\n';
const OTHER =
  'title: Other\nid: two\nlogsource:\n  product: linux\ndetection:\n  s:\n    F: x\n  condition: s\n';

function compile(filter: string, rules = `${RULE}---\n${OTHER}`): RuleSet {
  return compileRules([
    { path: 'filter.yml', text: filter },
    { path: 'rules.yml', text: rules },
  ]);
}

function filter(
  rules: string,
  condition = 'not selection',
  logsource = 'logsource:\n  product: linux\n',
): string {
  return `title: filter\n${logsource}filter:\n  rules: ${rules}\n  selection:\n    User: adm\n  condition: ${condition}\n`;
}

function titles(set: RuleSet, fields: Record<string, string>): readonly string[] {
  return set.match({ fields }).map(({ title }) => title);
}

describe('a filter', () => {
  it('takes its condition as written: what holds stays', () => {
    const without = compile(filter('[one]'));
    assert.deepEqual(titles(without, { F: 'x', User: 'adm' }), ['Other']);
    assert.deepEqual(titles(without, { F: 'x', User: 'bob' }), ['A rule', 'Other']);
    const only = compile(filter('[one]', 'selection'));
    assert.deepEqual(titles(only, { F: 'x', User: 'adm' }), ['A rule', 'Other']);
    assert.deepEqual(titles(only, { F: 'x', User: 'bob' }), ['Other']);
  });

  it('warns of one that keeps what it describes', () => {
    assert.deepEqual(
      compile(filter('[one]', 'selection')).warnings.map(({ code, path }) => ({ code, path })),
      [{ code: 'RULE_FILTER_POSITIVE', path: 'filter.yml' }],
    );
    assert.deepEqual(compile(filter('[one]')).warnings, []);
  });

  it('names rules by id, name or title, or all of them', () => {
    const event = { F: 'x', User: 'adm' };
    for (const name of ['one', 'first', 'A rule']) {
      assert.deepEqual(titles(compile(filter(`[${name}]`)), event), ['Other'], name);
    }
    for (const all of ['any', 'ALL', '[]']) assert.deepEqual(titles(compile(filter(all)), event), [], all);
    assert.deepEqual(titles(compile(filter('one')), event), ['Other']);
  });

  it('is for rules whose log source says what its own says', () => {
    const event = { F: 'x', User: 'adm' };
    const narrow = filter('any', 'not selection', 'logsource:\n  product: linux\n  category: file_event\n');
    assert.deepEqual(titles(compile(narrow), event), ['Other']);
    assert.deepEqual(titles(compile(filter('any', 'not selection', '')), event), []);
  });

  it('warns of one that is for no rule', () => {
    assert.deepEqual(
      compile(filter('[nobody]')).warnings.map(({ code }) => code),
      ['RULE_FILTER_WITHOUT_EFFECT'],
    );
  });

  it('shares no names with its rules, and several add up', () => {
    const text = `${filter('[one]')}---\n${filter('[one]').replace('User: adm', 'User: bot')}`;
    const set = compile(text, RULE.replaceAll(/\bs\b/g, 'selection'));
    for (const user of ['adm', 'bot']) assert.deepEqual(titles(set, { F: 'x', User: user }), []);
    assert.deepEqual(titles(set, { F: 'x', User: 'eve' }), ['A rule']);
  });

  it('is refused without its parts', () => {
    const whole = filter('[one]');
    const cases: readonly (readonly [string, string])[] = [
      [whole.replace(/ {2}rules.*\n/, ''), 'RULE_FILTER_INVALID'],
      [whole.replace(/ {2}condition.*\n/, ''), 'RULE_FILTER_INVALID'],
      [whole.replace(/ {2}selection:\n.*\n/, ''), 'RULE_FILTER_INVALID'],
      [whole.replace('rules: [one]', 'rules: {a: b}'), 'RULE_FILTER_INVALID'],
      [whole.replace('not selection', 'not bogus'), 'RULE_CONDITION_IDENTIFIER_UNKNOWN'],
      [whole.replace('User:', 'User|bogus:'), 'RULE_MODIFIER_UNKNOWN'],
      ['title: f\nfilter: x\n', 'RULE_FILTER_INVALID'],
    ];
    for (const [text, code] of cases) assert.equal(refusal(text).code, code, text);
  });
});
