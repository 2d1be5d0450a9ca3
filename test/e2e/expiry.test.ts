import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApprovalStore, openSigner } from '../../approval/index.ts';
import type { Server } from '../../wire/index.ts';
import { Host, until } from './host.ts';

const PATIENCE = { timeout: 120_000 };
/** Milliseconds until the approval of this test ends. */
const LIFE_MS = 5_000;

test(
  'an approval that ends, and one that is taken back, change the state at once, though no file of the server did',
  PATIENCE,
  async (context) => {
    const host = new Host(context);
    host.writeConfig('.cursor/mcp.json', { one: { command: 'cat', args: [] } });
    await host.approve('cursor/one');
    const daemon = await host.up().ready();
    const stateIs = (state: Server['state']) =>
      until(state, async () => (await host.status()).servers[state] === 1);
    await stateIs('approved');

    const scan = await host.run('scan', '--json', '--home', host.home, '--state-dir', host.stateDir);
    const [server]: readonly Server[] = JSON.parse(scan.stdout).servers;
    assert.ok(server);
    const store = new ApprovalStore(host.stateDir);
    const now = new Date();
    const source = { stateDir: host.stateDir, systemDirectory: null, agentSocket: undefined };
    await store.approve(server, {
      owner: 'e2e',
      approver: 'e2e',
      reason: '',
      expires: new Date(now.getTime() + LIFE_MS),
      now,
      contexts: { profiles: ['developer'], host_groups: null, users: null },
      accepted: [],
      policy: null,
      signer: await openSigner(undefined, source),
      project: null,
      known: [],
    });
    const expired = await daemon.alert('mcp_approval_expired');
    const late = Date.parse(expired.time) - now.getTime() - LIFE_MS;
    assert.ok(late >= 0, `told ${late} ms after the end`);
    assert.deepEqual(
      [expired.server?.state, expired.event['mcp.approval_code']],
      ['expired', 'APPROVAL_EXPIRED'],
    );
    context.diagnostic(`told ${late} ms after the end`);

    await host.approve('cursor/one');
    await stateIs('approved');
    await host.sealwatch('revoke', 'cursor/one', '--home', host.home, '--yes');
    await stateIs('revoked');
    assert.equal((await daemon.stop('SIGTERM')).code, 0);
  },
);
