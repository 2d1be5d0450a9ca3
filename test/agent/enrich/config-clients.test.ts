import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withConfigClient } from '../../../agent/enrich/config-clients.ts';
import { factsOfGone, factsOfNew } from '../../../agent/enrich/server-facts.ts';
import type { Fact } from '../../../agent/fact.ts';
import { known } from '../samples.ts';

const entry = (client: string, config_path: string) => known({ server: { client, config_path } });
const clients = (facts: readonly Fact[]) => facts.map(({ fields }) => fields['mcp.config_client']);

test('one file that two clients read stands for one of them, whoever of them is told of', () => {
  const facts = ['cursor', 'amp', 'claude-code'].flatMap((client) =>
    factsOfNew(entry(client, '/p/.mcp.json'), 1),
  );
  assert.deepEqual(clients(withConfigClient(facts, [])), ['amp', 'amp', 'amp']);
  const [one] = facts;
  assert.ok(one !== undefined);
  assert.deepEqual(clients(withConfigClient([one], [{ client: 'amp', path: '/p/.mcp.json' }])), ['amp']);
});

test('files of their own stand for their own clients, also of what is gone', () => {
  const facts = [
    ...factsOfNew(entry('cursor', '/h/.cursor/mcp.json'), 1),
    ...factsOfGone(entry('claude-code', '/h/.claude.json'), 1),
  ];
  assert.deepEqual(clients(withConfigClient(facts, [])), ['cursor', 'claude-code']);
});

test('facts about anything else are left alone', () => {
  const [fact] = factsOfNew(known(), 1);
  assert.ok(fact !== undefined);
  const other: Fact = { ...fact, logsource: { category: 'closure', product: 'mcp' } };
  assert.deepEqual(
    withConfigClient([other], [{ client: 'a', path: String(fact.fields['TargetFilename']) }]),
    [other],
  );
});
