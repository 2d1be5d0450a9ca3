import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { HostView } from '../../agent/host-view.ts';
import { openDatabase } from '../../agent/state/database.ts';
import { SealedCopies } from '../../agent/state/sealed-copies.ts';
import { openSigner } from '../../approval/index.ts';
import { TempDirectory } from '../temp-directory.ts';

test('trust roots that others may write make every server invalid, and the look goes on', async () => {
  using home = new TempDirectory();
  using state = new TempDirectory();
  mkdirSync(join(home.path, '.cursor'));
  writeFileSync(join(home.path, '.cursor', 'mcp.json'), '{"mcpServers":{"a":{"command":"cat","args":[]}}}');
  const view = new HostView({
    users: [{ name: 'u', uid: process.getuid?.() ?? 0, gid: 0, home: home.path }],
    roots: [],
    guards: [],
    stateDir: state.path,
    salt: 'salt',
    platform: 'linux',
    env: { HOME: home.path, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    systemTrust: null,
    writers: { of: () => null },
    copies: new SealedCopies(() => openDatabase(state.path)),
  });
  const [found] = (await view.look(new Date())).servers;
  assert.ok(found);
  const signer = await openSigner(undefined, {
    stateDir: state.path,
    systemDirectory: null,
    agentSocket: undefined,
  });
  await view.approvals.approve(found.discovered.server, {
    owner: 'o',
    approver: 'a',
    reason: '',
    expires: null,
    now: new Date(),
    contexts: { profiles: ['developer'], host_groups: null, users: null },
    accepted: [],
    policy: null,
    signer,
    project: null,
    known: [],
  });
  assert.equal((await view.look(new Date())).servers[0]?.verdict.state, 'approved');
  chmodSync(join(state.path, 'trust'), 0o777);
  const verdict = (await view.look(new Date())).servers[0]?.verdict;
  assert.equal(verdict?.state, 'invalid');
  assert.match(verdict?.reason ?? '', /could have been written by others/);
});
