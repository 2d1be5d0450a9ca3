import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig } from '../../agent/config.ts';
import { AgentError, type AgentErrorCode } from '../../agent/errors.ts';
import { TempDirectory } from '../temp-directory.ts';

const GOOD = 'state_dir: /var/lib/x\ncentral:\n  url: ws://127.0.0.1:7300\n  token_file: /etc/t\n';

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
    refused('AGENT_CONFIG_INVALID', /state_dir/, /profile/, /extra/, /url/, /token_file/),
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
