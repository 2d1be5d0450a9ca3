import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACK } from '../../rules/shared.ts';
import { BASE, MANY, RuleDesk, ruleOf, shell } from './desk.ts';

const SH = { Image: '/bin/sh' };
const LS = { Image: '/bin/ls' };
const TEST = ['test', 'rules', '--json'] as const;

/** A rule `sh` whose samples are right. */
function sound(desk: RuleDesk): void {
  desk.rule('sh');
  desk.lines('rules/sh.hit.jsonl', SH, { Image: '/usr/bin/sh' });
  desk.lines('rules/sh.miss.jsonl', LS);
}

test('a rule passes whose hits match and whose near misses do not', () => {
  using desk = new RuleDesk();
  sound(desk);
  const { status, json } = desk.run(TEST);
  assert.equal(status, 0);
  assert.deepEqual(json(), {
    rules: [
      {
        rule: 'sh',
        name: 'sh',
        path: 'rules/sh.yml',
        author: 'Ana',
        result: 'passed',
        hits: { file: 'rules/sh.hit.jsonl', ok: 2, failed: [] },
        misses: { file: 'rules/sh.miss.jsonl', ok: 1, failed: [] },
        missing: [],
      },
    ],
    refused: [],
    passed: 1,
    failed: 0,
    untested: 0,
  });
  const text = desk.run(['test', 'rules/sh.yml', '--strict']);
  assert.equal(text.status, 0);
  assert.equal(text.stdout, 'passed   sh  2 hits, 1 misses\n1 rules pass, 0 fail, 0 have no samples\n');
});

test('a hit that does not match and a near miss that does fail with their lines', () => {
  using desk = new RuleDesk();
  desk.rule('sh');
  desk.lines('rules/sh.hit.jsonl', SH, '', LS);
  desk.lines('rules/sh.miss.jsonl', LS, SH, 'junk');
  const { status, json } = desk.run(TEST);
  assert.equal(status, 1);
  const [{ result, hits, misses }] = json().rules;
  assert.equal(result, 'failed');
  assert.deepEqual([hits.ok, hits.failed], [1, [{ line: 3, reason: 'it should match' }]]);
  assert.deepEqual(
    [misses.ok, misses.failed],
    [
      1,
      [
        { line: 2, reason: 'it should not match' },
        { line: 3, reason: 'the line is not JSON' },
      ],
    ],
  );
  const text = desk.run(['test', 'rules']);
  assert.equal(text.status, 1);
  assert.match(text.stdout, /^ {4}hit {2}rules\/sh\.hit\.jsonl:3: it should match$/m);
  assert.match(text.stdout, /^ {4}miss rules\/sh\.miss\.jsonl:2: it should not match$/m);
});

test('samples stand under their own log source', () => {
  using desk = new RuleDesk();
  desk.rule('sh', undefined, ['logsource: {category: process_creation}']);
  desk.lines('rules/sh.hit.jsonl', { ...SH, logsource: { category: 'process_creation' } });
  desk.lines('rules/sh.miss.jsonl', { ...SH, logsource: { category: 'file_event' } });
  assert.equal(desk.run(TEST).status, 0);
});

test('rules without samples, or with empty ones, are named and count only where asked for', () => {
  using desk = new RuleDesk();
  sound(desk);
  desk.rule('bare');
  desk.rule('blank');
  desk.lines('rules/blank.hit.jsonl', '');
  desk.lines('rules/blank.miss.jsonl', LS);
  desk.rule('half');
  desk.lines('rules/half.hit.jsonl', SH);
  const { status, json } = desk.run(TEST);
  assert.equal(status, 0);
  assert.deepEqual(
    json().rules.map(({ name, result, missing }: Record<string, unknown>) => [name, result, missing]),
    [
      ['bare', 'untested', ['hit', 'miss']],
      ['blank', 'untested', ['hit']],
      ['half', 'passed', ['miss']],
      ['sh', 'passed', []],
    ],
  );
  assert.equal(json().untested, 2);
  assert.match(
    desk.run(['test', 'rules']).stdout,
    /^untested bare {2}.*no sample of a hit, none of a miss$/m,
  );
  assert.equal(desk.run([...TEST, '--strict']).status, 1);
  assert.equal(desk.run(['test', 'rules/half.yml', '--strict']).status, 1);
});

test('a rule that is refused is a failure', () => {
  using desk = new RuleDesk();
  sound(desk);
  desk.write('rules/bad.yml', 'title: x\n');
  const { status, json } = desk.run(TEST);
  assert.equal(status, 1);
  assert.deepEqual([json().passed, json().refused.length], [1, 1]);
});

test('only rules of the file count for its samples', () => {
  using desk = new RuleDesk();
  sound(desk);
  desk.rule('ls', '{s: {Image|endswith: /ls}, condition: s}');
  desk.lines('rules/ls.hit.jsonl', SH);
  const { status, json } = desk.run(TEST);
  assert.equal(status, 1);
  assert.deepEqual(
    json().rules.map(({ name, result }: Record<string, unknown>) => [name, result]),
    [
      ['ls', 'failed'],
      ['sh', 'passed'],
    ],
  );
});

test('a correlation is tried on sequences, each from the start, and brings its parts with it', () => {
  using desk = new RuleDesk();
  desk.correlation();
  desk.lines('rules/many.hit.jsonl', shell(0), shell(5), '', shell(0), shell(20), shell(29));
  desk.lines(
    'rules/many.miss.jsonl',
    shell(0),
    '',
    '',
    shell(1),
    shell(12),
    '',
    shell(0),
    shell(1, { User: 'v' }),
  );
  const { status, json } = desk.run([...TEST, '--strict']);
  assert.equal(status, 0);
  assert.deepEqual(
    json().rules.map(({ name, result, hits, misses }: Record<string, { ok: number }>) => [
      name,
      result,
      hits?.ok,
      misses?.ok,
    ]),
    [
      ['base', 'part', 0, 0],
      ['many', 'passed', 2, 3],
    ],
  );
  assert.doesNotMatch(desk.run(['test', 'rules']).stdout, /base/);
});

test('a sequence that goes wrong is named by its first line', () => {
  using desk = new RuleDesk();
  desk.correlation();
  const { '@timestamp': _, ...untimed } = shell(0) as Record<string, unknown>;
  desk.lines('rules/many.hit.jsonl', shell(0), shell(5), '', shell(0), shell(20), '', shell(0), untimed);
  desk.lines('rules/many.miss.jsonl', shell(0), shell(5), '', shell(0), '{');
  const { status, json } = desk.run(TEST);
  assert.equal(status, 1);
  const many = json().rules.find(({ name }: { name: string }) => name === 'many');
  assert.deepEqual(many.hits.failed, [
    { line: 4, reason: 'it should match' },
    { line: 7, reason: 'the sequence has an event without a time' },
  ]);
  assert.deepEqual(many.misses.failed, [
    { line: 1, reason: 'it should not match' },
    { line: 5, reason: 'the line is not JSON' },
  ]);
});

test('a correlation finds rules of other files that are named, too', () => {
  using desk = new RuleDesk();
  desk.write('rules/many.yml', MANY);
  desk.write('more/base.yml', BASE);
  desk.lines('rules/many.hit.jsonl', shell(0), shell(5));
  assert.equal(desk.run(TEST).status, 1);
  const { status, json } = desk.run([...TEST, 'more']);
  assert.deepEqual([status, json().passed, json().untested], [0, 1, 1]);
});

test('rules of a file that is called otherwise share its samples', () => {
  using desk = new RuleDesk();
  const rule = (name: string, end: string) =>
    `title: ${name}\nname: ${name}\ndetection: {s: {Image|endswith: /${end}}, condition: s}\n`;
  desk.write('rules/shells.yml', `${rule('a', 'sh')}---\n${rule('b', 'dash')}---\n${rule('c', 'never')}`);
  desk.lines('rules/shells.hit.jsonl', SH, { Image: '/bin/dash' });
  desk.lines('rules/shells.miss.jsonl', LS);
  const { status, json } = desk.run(TEST);
  assert.equal(status, 0);
  assert.deepEqual(
    json().rules.map(({ name, result, hits }: Record<string, { ok: number }>) => [name, result, hits?.ok]),
    [
      ['a', 'passed', 1],
      ['b', 'passed', 1],
      ['c', 'untested', 0],
    ],
  );
  desk.lines('rules/c.hit.jsonl', { Image: '/x/never' });
  desk.lines('rules/c.miss.jsonl', SH);
  assert.equal(desk.run([...TEST, '--strict']).json().passed, 3);
});

test('the name of a rule leads to no other directory', () => {
  using desk = new RuleDesk();
  desk.write('rules/sh.yml', ruleOf('../other/x'));
  desk.lines('other/x.hit.jsonl', LS);
  const { status, json } = desk.run(TEST);
  assert.deepEqual([status, json().rules[0].hits.file], [0, null]);
});

test('the samples of the pack pass', () => {
  using desk = new RuleDesk();
  const { status, json } = desk.run(['test', PACK, '--json', '--strict']);
  const { rules, refused } = json();
  const wrong = rules.filter(
    ({ result, missing }: { result: string; missing: string[] }) =>
      result !== 'part' && (result !== 'passed' || missing.length > 0),
  );
  assert.deepEqual([status, wrong, refused], [0, [], []]);
  assert.ok(rules.length > 100);
});
