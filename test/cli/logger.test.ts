import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const LOGGER = new URL('../../dist/cli/logger.js', import.meta.url).href;
const WORDS = [
  'const [message, fields, style] = process.argv.slice(1).map((text) => JSON.parse(text));',
  `(await import(${JSON.stringify(LOGGER)})).makeLog(style, 'info').warn(message, fields);`,
].join('\n');

/** What the log writes of one line. */
function written(message: string, fields: object, style: 'json' | 'plain' = 'json'): string {
  const args = [message, fields, style].map((value) => JSON.stringify(value));
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', WORDS, ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stderr;
}

const TOKEN = `swenrol_0011223344556677_${'A'.repeat(43)}`;
const SECRETS = {
  token: `enrolled with ${TOKEN}.pin`,
  url: 'cannot reach postgres://central:geheim@db/central',
  key: '-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----',
  header: 'authorization: Bearer abcdefgh12345678',
};

for (const style of ['json', 'plain'] as const) {
  test(`no secret gets into a ${style} log, wherever it stands in a line`, () => {
    const text = written(`odd ${TOKEN}`, SECRETS, style);
    for (const secret of ['AAAA', 'geheim', 'MIGH', 'abcdefgh']) assert.ok(!text.includes(secret), text);
    assert.ok(text.includes('swenrol_0011223344556677_hidden'), 'the token can still be told from others');
  });

  test(`a hostile text stays one ${style} line, and nothing in it acts on a terminal`, () => {
    const text = written('agent connected', { host: 'a\n{"level":"error"}\u001b[2J\u202e\u0085b' }, style);
    assert.equal(text.trimEnd().split('\n').length, 1);
    assert.doesNotMatch(text.trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
}

test('a line says what happened in one stable word', () => {
  const line = JSON.parse(written('the end of a session could not be noted', { agent: 'x'.repeat(10_000) }));
  assert.equal(line.event, 'the-end-of-a-session-could-not-be-noted');
  assert.equal(line.level, 'warn');
  assert.match(line.timestamp, /^\d{4}-.*Z$/);
  assert.ok(line.agent.length < 5_000);
});
