import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACK } from '../../rules/shared.ts';
import { RuleDesk, shell } from './desk.ts';

const SH = JSON.stringify({ Image: '/bin/sh' });
const WITH = ['--rules', 'rules'] as const;

/** A rule with two selections, a filter, and a log source. */
function desk(): RuleDesk {
  const made = new RuleDesk();
  made.rule(
    'sh',
    '{sel: {Image|endswith: [/sh, /zsh], User: null}, words: [evil, bad], not_root: {User: root}, condition: (sel or words) and not not_root}',
    ['id: 11111111-1111-4111-8111-111111111111', 'logsource: {category: process_creation, product: linux}'],
  );
  return made;
}

test('each selection and field is told with what was wanted and what is there', () => {
  using at = desk();
  const event = {
    logsource: { category: 'process_creation', product: 'linux' },
    Image: '/bin/zsh',
    User: 'root',
  };
  const { status, json } = at.run(['explain', 'sh', JSON.stringify(event), ...WITH, '--json']);
  assert.equal(status, 0);
  const { rule, matched, logsource, search, in_scope, filters } = json();
  assert.deepEqual([rule.name, rule.author, matched, in_scope, filters], ['sh', 'Ana', false, null, []]);
  assert.deepEqual([logsource.held, logsource.actual.product], [true, 'linux']);
  assert.equal(search.condition, '(sel or words) and not not_root');
  assert.deepEqual(
    search.detections.map(({ name, held }: Record<string, unknown>) => [name, held]),
    [
      ['sel', false],
      ['words', false],
      ['not_root', true],
    ],
  );
  assert.deepEqual(search.detections[0].alternatives[0].fields, [
    { key: 'Image|endswith', wanted: ['/sh', '/zsh'], actual: ['/bin/zsh'], held: true },
    { key: 'User', wanted: ['null'], actual: ['root'], held: false },
  ]);
});

test('people read the same, line by line', () => {
  using at = desk();
  at.lines('events.jsonl', '', { Image: '/bin/sh' });
  const { status, stdout } = at.run(['explain', 'rules/sh.yml', 'events.jsonl', '--rules', 'rules']);
  assert.equal(status, 1);
  assert.equal(
    stdout.replace(at.path, '.'),
    `high sh: Title of sh, by Ana
  rule        11111111-1111-4111-8111-111111111111 in ./rules/sh.yml
  event       events.jsonl:2
  log source  yes category process_creation, product linux; the event names none
  condition   yes (sel or words) and not not_root
    yes sel
        yes Image|endswith
            wants /sh or /zsh
            has   /bin/sh
        yes User
            wants null
            has   no such field
    no  words
        no  one of 2
            no  keywords
                wants evil
        no  one of 2
            no  keywords
                wants bad
    no  not_root
        no  User
            wants root
            has   no such field

The rule matches.
`,
  );
});

test('a rule goes by id, name, title or file, and an event by file, line, stdin or text', () => {
  using at = desk();
  at.lines('events.jsonl', { Image: '/bin/ls' }, { Image: '/bin/sh' });
  at.write('event.json', `\ufeff{\n  "Image": "/bin/sh"\n}\n`);
  at.lines('odd:2', { Image: '/bin/ls' });
  const verdict = (rule: string, event: string, input = '') => {
    const { status, json } = at.run(['explain', rule, event, ...WITH, '--json'], { input });
    return [status, json().matched];
  };
  for (const rule of ['11111111-1111-4111-8111-111111111111', 'sh', 'Title of sh', 'rules/sh.yml'])
    assert.deepEqual(verdict(rule, SH), [1, true], rule);
  assert.deepEqual(verdict('sh', 'events.jsonl'), [0, false]);
  assert.deepEqual(verdict('sh', 'events.jsonl:2'), [1, true]);
  assert.deepEqual(verdict('sh', 'odd:2'), [0, false]);
  assert.deepEqual(verdict('sh', 'event.json'), [1, true]);
  assert.deepEqual(verdict('sh', '-', `\n${SH}\n`), [1, true]);
  assert.deepEqual(verdict('sh', ` ${SH}`), [1, true]);
});

test('a log source that does not fit is told apart from a condition that does not hold', () => {
  using at = desk();
  const event = JSON.stringify({ logsource: { category: 'file_event' }, Image: '/bin/sh' });
  const { status, stdout } = at.run(['explain', 'sh', event, ...WITH]);
  assert.equal(status, 0);
  assert.match(
    stdout,
    /log source {2}no {2}category process_creation, product linux; the event: category file_event/,
  );
  assert.match(stdout, /condition {3}yes/);
  assert.match(stdout, /The rule does not match\./);
});

test('scope and filters of others are told', () => {
  using at = desk();
  at.write(
    'rules/filter.yml',
    'title: All but Ana\nfilter: {rules: [sh], s: {User: ana}, condition: not s}\nlogsource: {category: process_creation}\n',
  );
  const event = JSON.stringify({ Image: '/bin/sh', User: 'ana', words: 'evil' });
  const { json } = at.run(['explain', 'sh', event, ...WITH, '--json', '--scope', 'subtrees']);
  const { matched, in_scope, search, filters } = json();
  assert.deepEqual([matched, in_scope, search.held], [false, false, true]);
  assert.deepEqual([filters[0].title, filters[0].held], ['All but Ana', false]);
  const { stdout } = at.run(['explain', 'sh', event, ...WITH, '--scope', 'subtrees']);
  assert.match(stdout, /scope {7}no {2}comes out of an MCP server/);
  assert.match(stdout, /filter {6}All but Ana\n {2}condition {3}no {2}not s\n {4}yes s\n/);
});

test('of a correlation it is told which rules match and what it counts', () => {
  using at = new RuleDesk();
  at.correlation();
  const { status, json } = at.run(['explain', 'many', JSON.stringify(shell(0)), ...WITH, '--json']);
  assert.equal(status, 1);
  const { rule, matched, counts, members } = json();
  assert.deepEqual([rule.kind, matched], ['correlation', true]);
  assert.deepEqual(
    [counts.type, counts.group_by, counts.timespan_ms, counts.condition.bounds],
    ['event_count', ['User'], 10_000, [{ operator: 'gte', value: 2 }]],
  );
  assert.deepEqual(members, [
    { reference: 'base', rule: 'base', name: 'base', matched: true, group: { User: 'u' }, values: {} },
  ]);
  const text = at.run(['explain', 'many', '{"Image":"/bin/ls"}', ...WITH]);
  assert.equal(text.status, 0);
  assert.match(
    text.stdout,
    /counts {6}event_count, for each User, within 10s \(sliding window\)\n {2}fires {7}at gte 2/,
  );
  assert.match(text.stdout, /^ {4}no {2}base$/m);
  assert.match(text.stdout, /The event does not count for the correlation\./);
});

test('a correlation of correlations hears of an event through them, and a condition in words is shown', () => {
  using at = new RuleDesk();
  at.correlation();
  at.write(
    'rules/outer.yml',
    'title: Outer\nname: outer\ncorrelation: {type: temporal, rules: [many, base], timespan: 1h, condition: many and not base}\n',
  );
  const { status, stdout } = at.run(['explain', 'outer', SH, ...WITH]);
  assert.equal(status, 1);
  assert.match(stdout, /fires {7}at \(many and not base\)\n {2}rules\n {4}yes many\n {4}yes base/);
});

test('without --rules the pack counts, and a changed copy of a rule in a file before it', () => {
  using at = new RuleDesk();
  const event = '{"mcp.change":"server_added","Image":"/bin/sh"}';
  assert.equal(at.run(['explain', 'mcp_server_added', '{}', '--json']).status, 0);
  const [id = ''] = /^id: .*$/m.exec(readFileSync(join(PACK, 'mcp_server_added.yml'), 'utf8')) ?? [];
  const copy = at.rule('mcp_server_added', undefined, [id]);
  const { status, json } = at.run(['explain', copy, event, '--json']);
  const { rule, matched } = json();
  assert.deepEqual([status, `id: ${rule.id}`, rule.author, matched], [1, id, 'Ana', true]);
});

test('unknown rules end in 2 with what is near, unusable files and events in 3', () => {
  using at = desk();
  at.write('bad.yml', 'title: x\n');
  at.lines('events.jsonl', SH);
  at.write('empty.jsonl', '\n');
  for (const [status, words, rule, event] of [
    [2, /did you mean sh\?/, 'title OF', SH],
    [2, /no rule has the id, name or title nothing \(CLI_USAGE\)/, 'nothing', SH],
    [3, /bad\.yml:1: .*RULE_DETECTION_MISSING/, 'bad.yml', SH],
    [3, /none cannot be read/, 'sh', 'none'],
    [3, /events\.jsonl has no line 9/, 'sh', 'events.jsonl:9'],
    [3, /empty\.jsonl holds no event/, 'sh', 'empty.jsonl'],
    [3, /line 1 is blank/, 'sh', 'empty.jsonl:1'],
    [3, /the given text: line 1 is not JSON/, 'sh', '{'],
    [3, /line 1 is no event/, 'sh', '-'],
  ] as const) {
    const answer = at.run(['explain', rule, event, ...WITH], { input: '[1]\n' });
    assert.deepEqual([answer.status, answer.stdout], [status, ''], `${rule} ${event}`);
    assert.match(answer.stderr, words);
  }
});

test('control characters of an event are spelled out', () => {
  using at = desk();
  const { stdout } = at.run(['explain', 'sh', '{"Image":"/bin/sh","User":"\\u001b[2J\\u202e"}', ...WITH]);
  assert.match(stdout, /has {3}\\u\{1b\}\[2J\\u\{202e\}/);
  at.correlation();
  const many = at.run(['explain', 'many', '{"Image":"/bin/sh","User":"\\u001b[2J"}', ...WITH]);
  assert.match(many.stdout, /User=\\u\{1b\}\[2J/);
  assert.ok(!(stdout + many.stdout).includes('\u001b'));
});
