import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { authorityOf, factsOfAuthority } from '../../../agent/enrich/authority-facts.ts';
import { candidate, Decisions } from '../../approval/candidate.ts';
import { TempDirectory } from '../../temp-directory.ts';

test('keys and approvals changed by hand are facts; approving and signing once more are not', async () => {
  using state = new TempDirectory();
  using other = new TempDirectory();
  const store = new Decisions(state.path);
  const now = () => authorityOf({ stored: store.load(), trust: store.trust });
  const changes = (before: ReturnType<typeof now>) =>
    factsOfAuthority(before, now(), 0).map(({ fields }) => [fields['mcp.change'], fields['mcp.file_change']]);
  const empty = now();
  const { path } = await store.approve();
  assert.deepEqual(changes(empty), [['trust_root_changed', 'added']]);
  const approved = now();
  await store.approve(candidate({ name: 'other' }));
  const [approval] = store.load();
  assert.ok(approval?.kind === 'valid');
  const second = (await new Decisions(other.path).request()).signer;
  await store.store.cosign(candidate(), approval, second);
  assert.deepEqual(changes(approved), []);
  writeFileSync(path, '{}');
  assert.deepEqual(changes(approved), [['approval_file_changed', 'changed']]);
  state.write('trust/evil.pem', other.read('trust', `${second.id.slice(0, 16)}.pem`));
  assert.deepEqual(changes(approved).sort(), [
    ['approval_file_changed', 'changed'],
    ['trust_root_changed', 'added'],
  ]);
});
