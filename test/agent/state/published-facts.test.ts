import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { AgentError } from '../../../agent/errors.ts';
import { publishHostFacts } from '../../../agent/state/published-facts.ts';
import { hostFactsSchema } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';

const FACTS = { v: 1, profile: 'developer', hostGroup: null, trustDirectory: null } as const;

test('facts are whole and for everybody to read, whatever the umask and whatever was there', () => {
  using place = new TempDirectory();
  mkdirSync(place.at('state'), { mode: 0o700 });
  const umask = process.umask(0o077);
  try {
    publishHostFacts(place.at('state'), FACTS);
    publishHostFacts(place.at('state'), { ...FACTS, profile: 'production' });
  } finally {
    process.umask(umask);
  }
  assert.deepEqual(readdirSync(place.at('state')), ['host.json']);
  const facts = hostFactsSchema.parse(JSON.parse(readFileSync(place.at('state', 'host.json'), 'utf8')));
  assert.equal(facts.profile, 'production');
  assert.equal(statSync(place.at('state', 'host.json')).mode & 0o777, 0o644);
  const mode = statSync(place.at('state')).mode & 0o777;
  assert.equal(mode, process.getuid?.() === 0 ? 0o711 : 0o700);
});

test('where they cannot be written the agent says so', () => {
  using place = new TempDirectory();
  assert.throws(
    () => publishHostFacts(place.at('nowhere'), FACTS),
    (error) => error instanceof AgentError && error.code === 'AGENT_STATE_UNUSABLE',
  );
});
