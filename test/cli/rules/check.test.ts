import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuleDesk, ruleOf } from './desk.ts';

test('a rule that is refused ends in 1 with file, line and code, and the others load', () => {
  using desk = new RuleDesk();
  desk.rule('good');
  desk.write('rules/deep/bad.yaml', 'title: x\n\ndetection:\n  s: {A|nonsense: 1}\n  condition: s\n');
  const { status, json } = desk.run(['check', 'rules', '--json']);
  assert.equal(status, 1);
  const { rules, refused, warnings } = json();
  assert.equal(rules, 1);
  assert.equal(refused.length, 1);
  const { path, line, code } = refused[0];
  assert.deepEqual([path, line, code], ['rules/deep/bad.yaml', 4, 'RULE_MODIFIER_UNKNOWN']);
  assert.deepEqual(warnings, []);
  const text = desk.run(['check', 'rules']);
  assert.equal(text.stdout, '1 rules load, 1 are refused\n');
  assert.match(text.stderr, /^rules\/deep\/bad\.yaml:4: .* \(RULE_MODIFIER_UNKNOWN\)\n$/);
});

test('a warning is marked, and counts only where asked for', () => {
  using desk = new RuleDesk();
  desk.rule('slow', '{s: {A|exists: true}, condition: s}');
  const { status, json } = desk.run(['check', 'rules', '--json']);
  assert.equal(status, 0);
  assert.deepEqual(Object.keys(json().warnings[0]).sort(), ['code', 'line', 'message', 'path']);
  assert.equal(json().warnings[0].code, 'RULE_UNINDEXED');
  const strict = desk.run(['check', 'rules', '--strict']);
  assert.equal(strict.status, 1);
  assert.match(strict.stderr, /^rules\/slow\.yml:\d+: warning: .* \(RULE_UNINDEXED\)$/m);
});

test('a path that is not there ends in 3 with a hint, as does one that cannot be read', () => {
  using desk = new RuleDesk();
  desk.rule('good');
  const { status, stdout, stderr } = desk.run(['check', 'rules', 'none.yml']);
  assert.deepEqual([status, stdout], [3, '']);
  assert.match(stderr, /none\.yml is not there \(CLI_FILE_UNREADABLE\)\n {2}hint: /);
});

test('a file that is named twice, itself and by its directory, is read once', () => {
  using desk = new RuleDesk();
  desk.rule('good', undefined, ['id: 11111111-1111-4111-8111-111111111111']);
  const { status, json } = desk.run(['check', 'rules', desk.at('rules/good.yml'), './rules', '--json']);
  assert.deepEqual([status, json().rules, json().refused], [0, 1, []]);
});

test('byte order marks and line ends of Windows are no fault of a rule', () => {
  using desk = new RuleDesk();
  desk.rule('good');
  desk.write('rules/windows.yml', `\ufeff${ruleOf('windows').replaceAll('\n', '\r\n')}`);
  const { status, json } = desk.run(['check', 'rules', '--json']);
  assert.deepEqual([status, json().rules, json().refused], [0, 2, []]);
});

test('where there is no rule at all it is said, and counts where warnings do', () => {
  using desk = new RuleDesk();
  desk.write('rules/README.md', 'no rule\n');
  for (const [status, ...more] of [[0], [1, '--strict']] as const) {
    const answer = desk.run(['check', 'rules', '--json', ...more]);
    assert.equal(answer.status, status);
    assert.deepEqual(answer.json(), { rules: 0, refused: [], warnings: [] });
    assert.match(answer.stderr, /there is no rule/);
  }
});

test('a file without a rule is refused', () => {
  using desk = new RuleDesk();
  desk.write('rules/empty.yml', '');
  const { status, json } = desk.run(['check', 'rules', '--json']);
  assert.deepEqual([status, json().refused[0].code], [1, 'RULE_DOCUMENT_INVALID']);
});

test('placeholders are filled in on request, and misuse of that ends in 2', () => {
  using desk = new RuleDesk();
  desk.rule('admins', "{s: {User|expand: '%Administrators%'}, condition: s}");
  assert.equal(desk.run(['check', 'rules']).status, 1);
  assert.equal(
    desk.run([
      'check',
      'rules',
      '--placeholder',
      'Administrators=ana',
      '--placeholder',
      '%Administrators%=b=n',
    ]).status,
    0,
  );
  const { status, stderr } = desk.run(['check', 'rules', '--placeholder', 'admins']);
  assert.equal(status, 2);
  assert.match(stderr, /CLI_USAGE/);
});

test('what a rule file says never acts on the terminal', () => {
  using desk = new RuleDesk();
  desk.write('rules/\u001b[2J.yml', 'title: "\\e]0;x\\a"\ndetection: {s: {"A|\\e[2J": 1}, condition: s}\n');
  const { stdout, stderr } = desk.run(['check', 'rules']);
  assert.match(stderr, /RULE_MODIFIER_UNKNOWN/);
  assert.ok(!(stdout + stderr).includes('\u001b'));
});

test('checking a rule loads no part of the daemon', () => {
  using desk = new RuleDesk();
  desk.rule('good');
  const spy = desk.write(
    'spy.mjs',
    `import { registerHooks } from 'node:module';
const urls = [];
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
process.on('exit', () => process.stderr.write(urls.join('\\n')));\n`,
  );
  const env = { ...process.env, NODE_OPTIONS: `--import=${spy}` };
  const { status, stderr } = desk.run(['check', 'rules'], { env });
  assert.equal(status, 0);
  assert.match(stderr, /rules\/engine\/index\.js/);
  for (const part of [
    /\/agent\/agent\.js/,
    /\/dist\/collectors\/file/,
    /\/dist\/central\//,
    /@parcel\/watcher/,
    /node_modules\/(?:winston|ws|fastify|systeminformation)\//,
  ])
    assert.doesNotMatch(stderr, part);
});
