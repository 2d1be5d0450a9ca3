import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuleDesk, ruleOf, shell } from './desk.ts';

const MATCH = ['match', '--rules', 'rules', '--events', 'events.jsonl'] as const;

test('a match names rule, title, level and author, as JSON and for people', () => {
  using desk = new RuleDesk();
  desk.rule('sh', undefined, ['id: 11111111-1111-4111-8111-111111111111']);
  desk.lines('events.jsonl', { Image: '/bin/ls' }, '', { Image: '/bin/sh' });
  const { status, lines } = desk.run([...MATCH, '--json']);
  assert.equal(status, 1);
  assert.deepEqual(lines(), [
    {
      event: 1,
      rule: '11111111-1111-4111-8111-111111111111',
      name: 'sh',
      title: 'Title of sh',
      level: 'high',
      author: 'Ana',
      alerts: true,
      line: 3,
    },
  ]);
  const text = desk.run(MATCH);
  assert.equal(text.stdout, 'event 1 (line 3): high sh: Title of sh, by Ana\n');
  assert.equal(text.stderr, '2 events, 1 matches\n');
});

test('nothing that matches, and nothing at all, end in 0', () => {
  using desk = new RuleDesk();
  desk.rule('sh');
  for (const text of ['', '\n\n', '{"Image":"/bin/ls"}']) {
    desk.write('events.jsonl', text);
    const { status, stdout } = desk.run([...MATCH, '--json']);
    assert.deepEqual([status, stdout], [0, '']);
  }
});

test('a correlation is shown at the event that makes it fire, its silent base rule at each', () => {
  using desk = new RuleDesk();
  desk.correlation();
  desk.lines('events.jsonl', shell(0), shell(11), shell(15, { User: 'other' }), shell(20), shell(21));
  const { status, lines } = desk.run([...MATCH, '--json']);
  assert.equal(status, 1);
  const seen = lines().map(({ event, name, alerts, correlation }) => [
    event,
    name,
    alerts,
    correlation?.count,
    correlation?.refire,
  ]);
  assert.deepEqual(seen, [
    [0, 'base', false, undefined, undefined],
    [1, 'base', false, undefined, undefined],
    [2, 'base', false, undefined, undefined],
    [3, 'base', false, undefined, undefined],
    [3, 'many', true, 2, false],
    [4, 'base', false, undefined, undefined],
    [4, 'many', true, 3, true],
  ]);
  const midnight = Date.UTC(2026, 10, 28);
  assert.deepEqual(lines()[4].correlation, {
    value: 2,
    count: 2,
    group: { User: 'u' },
    rules: ['base'],
    first: midnight + 11_000,
    last: midnight + 20_000,
    refire: false,
  });
  const text = desk.run(MATCH);
  assert.match(
    text.stdout,
    /event 3 \(line 4\): medium many: Many shells, by Ben\n {4}value 2; 2 events from/,
  );
  assert.match(text.stdout, /base: One shell, by Ana \[for correlations only\]\n/);
});

test('a field can be named that holds the time, in seconds as well', () => {
  using desk = new RuleDesk();
  desk.correlation();
  const at = (seconds: number) => shell(0, { when: { told: 1_795_000_000 + seconds } });
  desk.lines('events.jsonl', at(0), at(11));
  const fired = (...more: string[]) =>
    desk
      .run([...MATCH, '--json', ...more])
      .lines()
      .filter(({ name }) => name === 'many').length;
  assert.equal(fired(), 1);
  assert.equal(fired('--time', 'when.told'), 0);
});

test('events without a time count with the one before, and that is said', () => {
  using desk = new RuleDesk();
  desk.correlation();
  const { '@timestamp': _, ...untimed } = shell(0) as Record<string, unknown>;
  desk.lines('events.jsonl', shell(100), untimed);
  const { lines, stderr } = desk.run([...MATCH, '--json']);
  assert.deepEqual(
    lines().map(({ event, name }) => [event, name]),
    [
      [0, 'base'],
      [1, 'base'],
      [1, 'many'],
    ],
  );
  assert.match(stderr, /1 events tell no time/);
});

test('the scope of rules that say nothing of MCP is the host, or MCP servers alone', () => {
  using desk = new RuleDesk();
  desk.rule('sh');
  desk.lines('events.jsonl', { Image: '/bin/sh' }, { Image: '/bin/sh', mcp: { in_subtree: true } });
  const events = (...more: string[]) =>
    desk
      .run([...MATCH, '--json', ...more])
      .lines()
      .map(({ event }) => event);
  assert.deepEqual(events(), [0, 1]);
  assert.deepEqual(events('--scope', 'subtrees'), [1]);
  assert.equal(desk.run([...MATCH, '--scope', 'moon']).status, 2);
});

test('events come from stdin, with a byte order mark and line ends of Windows', () => {
  using desk = new RuleDesk();
  desk.rule('sh');
  const input = '\ufeff{"Image":"/bin/sh"}\r\n{"Image":"/bin/sh"}';
  const { status, lines } = desk.run(['match', '--rules', 'rules', '--events', '-', '--json'], { input });
  assert.equal(status, 1);
  assert.deepEqual(
    lines().map(({ event, line }) => [event, line]),
    [
      [0, 1],
      [1, 2],
    ],
  );
});

test('a line that is no event ends the run in 3 with its number, after what matched before', () => {
  using desk = new RuleDesk();
  desk.rule('sh');
  const deep = `{"a":${'['.repeat(40)}${']'.repeat(40)}}`;
  const long = `{"a":"${'x'.repeat(16 * 1024 * 1024)}"}`;
  for (const [bad, reason] of [
    ['junk\u001b[2J', /the line is not JSON/],
    ['[]', /the line is no event: an event must be a JSON object/],
    [deep, /the line is no event: .* deep/],
    [long, /the line is longer than 16777216 bytes/],
  ] as const) {
    desk.lines('events.jsonl', { Image: '/bin/sh' }, '', bad, { Image: '/bin/sh' });
    const stopped = desk.run([...MATCH, '--json']);
    assert.deepEqual([stopped.status, stopped.lines().length], [3, 1]);
    assert.match(stopped.stderr, /events\.jsonl:3: .*\(CLI_FILE_UNREADABLE\)\n {2}hint: --skip-invalid/);
    assert.match(stopped.stderr, reason);
    const skipped = desk.run([...MATCH, '--json', '--skip-invalid']);
    assert.deepEqual([skipped.status, skipped.lines().map(({ line }) => line)], [1, [1, 4]]);
    assert.match(skipped.stderr, /^events\.jsonl:3: the line is/m);
    assert.match(skipped.stderr, /^1 lines are no events/m);
    assert.ok(!(stopped.stderr + skipped.stderr).includes('\u001b'));
  }
});

test('files that are not there end in 3, options that are missing in 2', () => {
  using desk = new RuleDesk();
  desk.rule('sh');
  desk.lines('events.jsonl', {});
  for (const [status, ...args] of [
    [3, ...MATCH.slice(0, 3), '--events', 'none'],
    [3, ...MATCH.slice(0, 3), '--events', 'rules'],
    [3, 'match', '--rules', 'none', '--events', 'events.jsonl'],
    [2, 'match', '--rules', 'rules'],
    [2, 'match', '--events', 'events.jsonl'],
  ] as const) {
    const answer = desk.run(args);
    assert.deepEqual([answer.status, answer.stdout], [status, ''], args.join(' '));
    assert.notEqual(answer.stderr, '');
  }
});

test('each value of a placeholder counts', () => {
  using desk = new RuleDesk();
  desk.rule('admins', "{s: {User|expand: '%Administrators%'}, condition: s}");
  desk.lines('events.jsonl', { User: 'ana' }, { User: 'ben=x' }, { User: 'cleo' });
  const values = ['--placeholder', 'Administrators=ana', '--placeholder', '%Administrators%=ben=x'];
  const events = desk
    .run([...MATCH, '--json', ...values])
    .lines()
    .map(({ event }) => event);
  assert.deepEqual(events, [0, 1]);
});

test('control characters of events and rules never reach the terminal', () => {
  using desk = new RuleDesk();
  desk.correlation();
  desk.write('rules/evil.yml', ruleOf('evil').replace('Ana', '"\\e[2J"'));
  desk.lines('events.jsonl', shell(0, { User: 'u\u001b[2J' }), shell(1, { User: 'u\u001b[2J' }));
  const { stdout, status } = desk.run(MATCH);
  assert.equal(status, 1);
  desk.lines('\u001b[2J', 'junk');
  const { stderr } = desk.run(['match', '--rules', 'rules', '--events', '\u001b[2J', '--skip-invalid']);
  assert.match(stderr, /^\\u\{1b\}\[2J:1: the line is not JSON$/m);
  assert.match(stdout, /User=u\\u\{1b\}\[2J/);
  assert.match(stdout, /by \\u\{1b\}\[2J/);
  assert.ok(!stdout.includes('\u001b'));
});
