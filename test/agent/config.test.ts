import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig, rereadConfig, ruleSettings } from '../../agent/config.ts';
import { AgentError, type AgentErrorCode } from '../../agent/errors.ts';
import { TempDirectory } from '../temp-directory.ts';

const GOOD = 'state_dir: /var/lib/x\ncentral:\n  url: wss://127.0.0.1:7443\n  token_file: /etc/t\n';

function refused(code: AgentErrorCode, ...words: RegExp[]) {
  return (error: unknown) =>
    error instanceof AgentError && error.code === code && words.every((word) => word.test(error.message));
}

test('a short config is complete', () => {
  using home = new TempDirectory();
  const config = loadConfig(home.write('agent.yml', GOOD));
  assert.deepEqual(
    [config.profile, config.sensor, config.roots, config.rules],
    ['developer', 'auto', [], []],
  );
});

test('all faults are told at once, unknown keys among them', () => {
  using home = new TempDirectory();
  const path = home.write(
    'agent.yml',
    'state_dir: relative\nprofile: x\nextra: 1\ncentral: {url: "http://x"}\n',
  );
  assert.throws(
    () => loadConfig(path),
    refused('AGENT_CONFIG_INVALID', /state_dir/, /profile/, /extra/, /url/),
  );
});

test('text that is no config is refused', () => {
  using home = new TempDirectory();
  const bomb = `a: &a [x,x]\n${'bcdefghij'.replaceAll(/./g, (c) => `${c}: &${c} [*${String.fromCharCode(c.charCodeAt(0) - 1)},*${String.fromCharCode(c.charCodeAt(0) - 1)}]\n`)}`;
  for (const text of ['', '[', 'a: b: c', 'just words', bomb])
    assert.throws(() => loadConfig(home.write('agent.yml', text)), refused('AGENT_CONFIG_INVALID'), text);
  assert.throws(
    () => loadConfig(home.write('big.yml', 'x'.repeat(300_000))),
    refused('AGENT_CONFIG_UNREADABLE'),
  );
  assert.throws(() => loadConfig(home.at('none.yml')), refused('AGENT_CONFIG_UNREADABLE'));
});

test('a config that others may write is refused, and so is one in a directory of theirs', () => {
  using home = new TempDirectory();
  assert.throws(() => loadConfig(home.write('agent.yml', GOOD, 0o666)), refused('AGENT_CONFIG_EXPOSED'));
  home.write('agent.yml', GOOD);
  chmodSync(home.path, 0o777);
  assert.throws(() => loadConfig(home.at('agent.yml')), refused('AGENT_CONFIG_EXPOSED'));
});

const TUNED = `${GOOD}rule_scope: host
placeholders: {admins: [root, toor]}
rule_changes:
  - {rule: mcp_shell_spawn, level: low, until: 2027-01-01T00:00:00Z, reason: noisy}
  - {rule: mcp_inline_code, disable: true, reason: a notebook server}
exceptions:
  - reason: our scanner
    until: 2027-01-01T00:00:00+01:00
    filter:
      title: scanner
      logsource: {category: process_creation}
      filter:
        rules: [mcp_shell_spawn]
        scanner: {Image: /opt/scan, ProcessId: 7}
        condition: not scanner
rule_pack: /etc/sealwatch/rules.dsse.json
`;

test('what a config says of rules is taken as it is written', () => {
  using home = new TempDirectory();
  const settings = ruleSettings(loadConfig(home.write('agent.yml', TUNED)));
  assert.deepEqual(
    [settings.rule_scope, settings.placeholders, settings.rule_pack],
    ['host', { admins: ['root', 'toor'] }, '/etc/sealwatch/rules.dsse.json'],
  );
  assert.deepEqual(
    settings.rule_changes.map(({ rule, level, disable }) => [rule, level, disable]),
    [
      ['mcp_shell_spawn', 'low', undefined],
      ['mcp_inline_code', undefined, true],
    ],
  );
  assert.equal(settings.exceptions[0]?.until, '2027-01-01T00:00:00+01:00');
});

test('faults of what a config says of rules are told at once, those inside of a filter with their code', () => {
  using home = new TempDirectory();
  const text = `${GOOD}rule_scope: everywhere
placeholders: {a b: [x], none: []}
rule_changes:
  - {rule: a, disable: true, level: low, reason: r}
  - {rule: b, reason: r}
  - {rule: c, disable: false, reason: r}
  - {rule: d, level: loud, reason: r}
  - {rule: e, level: low}
  - {rule: f, level: low, until: tomorrow, reason: r}
exceptions:
  - {reason: r, filter: {filter: {rules: [a], s: {F: 1}}}}
  - {reason: r, filter: {filter: {rules: [a], s: {F: 1}, condition: s}}}
  - {reason: r, filter: {detection: {s: {F: 1}, condition: s}}}
  - {reason: r, filter: text}
rule_pack: relative
`;
  const places = [0, 1, 2, 3, 4, 5].map((index) => new RegExp(`rule_changes\\[${index}\\]`));
  const wrong = [0, 1, 2, 3].map((index) => new RegExp(`exceptions\\[${index}\\]`));
  assert.throws(
    () => loadConfig(home.write('agent.yml', text)),
    refused(
      'AGENT_CONFIG_INVALID',
      /rule_scope/,
      /a b/,
      /none/,
      ...places,
      ...wrong,
      /RULE_FILTER_INVALID/,
      /RULE_FILTER_POSITIVE/,
      /rule_pack/,
    ),
  );
});

test('of a changed config the settings of rules are given anew, the others are named', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', TUNED);
  const first = loadConfig(path);
  assert.deepEqual(rereadConfig(path, first).restart, []);
  home.write('agent.yml', `${GOOD}profile: production\nhomes: [/root]\nrules: [/etc/rules]\n`);
  const { settings, restart } = rereadConfig(path, first);
  assert.deepEqual(
    [settings.rules, restart.toSorted()],
    [['/etc/rules'], ['homes', 'profile', 'rule_scope']],
  );
});

test('the settings that the documentation shows are taken', () => {
  using home = new TempDirectory();
  const text = readFileSync(new URL('../../docs/agent-config.md', import.meta.url), 'utf8');
  const [, shown = ''] = /```yaml\n([^`]*)```/.exec(text) ?? [];
  const { rule_changes: changes, exceptions } = loadConfig(home.write('agent.yml', `${GOOD}${shown}`));
  assert.deepEqual([changes.length, exceptions.length], [2, 1]);
});
