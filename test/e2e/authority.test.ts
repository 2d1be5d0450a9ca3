import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Host, until } from './host.ts';

const PATIENCE = { timeout: 120_000 };

test(
  'trust roots and approvals that are changed by hand are told, and the state follows at once',
  PATIENCE,
  async (context) => {
    const host = new Host(context);
    host.writeConfig('.cursor/mcp.json', { one: { command: 'cat', args: [] } });
    const daemon = await host.up().ready();
    await host.approve('cursor/one');
    const stateIs = (state: 'approved' | 'invalid' | 'pending') =>
      until(state, async () => (await host.status()).servers[state] === 1);
    await stateIs('approved');
    const first = await daemon.alert('mcp_trust_root_created');
    assert.equal(first.rule.level, 'informational');

    const directory = join(host.stateDir, 'approvals');
    const [name = ''] = readdirSync(directory);
    const text = readFileSync(join(directory, name), 'utf8');
    writeFileSync(join(directory, name), text.replace('"sig": "', '"sig": "AAAA'));
    const tampered = await daemon.alert('mcp_approval_tampered');
    assert.deepEqual(
      [tampered.event['mcp.file_change'], tampered.event['mcp.authority_after']],
      ['changed', 'APPROVAL_SIGNATURE_INVALID'],
    );
    const invalid = await daemon.alert('mcp_approval_invalid');
    assert.equal(invalid.event['mcp.approval_code'], 'APPROVAL_SIGNATURE_INVALID');
    assert.equal(invalid.event['mcp.ruling'], 'report');
    await stateIs('invalid');

    writeFileSync(join(directory, name), text);
    await stateIs('approved');
    await host.sealwatch('key', 'create', '--name', 'stranger');
    const added = await daemon.alert('mcp_trust_root_changed');
    assert.deepEqual([added.event['mcp.file_change'], added.rule.level], ['added', 'high']);

    const trust = join(host.stateDir, 'trust');
    for (const root of readdirSync(trust)) rmSync(join(trust, root));
    await daemon.alert('mcp_trust_root_changed', ({ event }) => event['mcp.file_change'] === 'removed');
    await stateIs('invalid');
    assert.equal((await daemon.stop('SIGTERM')).code, 0);
  },
);
