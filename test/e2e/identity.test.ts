import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, lchownSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Server } from '../../wire/index.ts';
import { Host, ORDINARY, until } from './host.ts';

const ASKER = fileURLToPath(new URL('../guard/identity/programs/ask-agent.ts', import.meta.url));
const AUDIENCE = 'https://api.example.org';
const POLICY = { identity: { audience: AUDIENCE, variable: 'SEALWATCH_IDENTITY_TOKEN_FILE' } };

test('root’s agent issues tokens to the guards of an ordinary user while the approval holds, and not after', {
  timeout: 120_000,
  skip: ORDINARY === null ? 'needs root, to be an agent and another user' : false,
}, async (context) => {
  if (ORDINARY === null) return;
  const { uid, gid } = ORDINARY;
  const host = new Host(context);
  const config = host.writeConfig('.cursor/mcp.json', { one: { command: 'cat', args: [] } });
  for (const path of [host.home, dirname(config), config]) lchownSync(path, uid, gid);
  chmodSync(host.directory, 0o711);
  const policy = join(host.directory, 'policy.json');
  writeFileSync(policy, JSON.stringify(POLICY));
  const daemon = await host.up().ready();
  await host.sealwatch('approve', 'cursor/one', '--home', host.home, '--yes', '--policy', policy);

  const { servers } = JSON.parse(
    await host.sealwatch('scan', '--json', '--home', host.home, '--fail-on', 'none'),
  );
  const [{ id, closure }]: readonly [Server] = servers;
  const asked = {
    id,
    client: 'cursor',
    server: 'one',
    audience: AUDIENCE,
    closure: closure.digest,
    serial: 1,
  };
  const ask = async (timeoutMs: number) => {
    const args = [ASKER, host.stateDir, String(uid), String(timeoutMs), JSON.stringify(asked)];
    const { stdout } = await promisify(execFile)(process.execPath, ['--experimental-strip-types', ...args]);
    return JSON.parse(stdout);
  };
  const { token, message } = await ask(30_000);
  assert.equal(message, undefined);
  const file = join(host.directory, 'token.jwt');
  const keys = join(host.directory, 'keys.json');
  writeFileSync(file, token);
  writeFileSync(keys, await host.sealwatch('identity', 'keys'));
  const verify = ['identity', 'verify', file, '--audience', AUDIENCE, '--keys', keys, '--json'];
  const { code, stdout } = await host.run(...verify);
  const { claims } = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.match(claims.sub, /^spiffe:\/\/[a-z0-9._-]+\/host\/[\w.-]+\/client\/cursor\/server\/one$/);
  assert.equal(claims.closure, closure.digest);

  await host.sealwatch('revoke', 'cursor/one', '--home', host.home, '--yes');
  await until('no more tokens', async () => /the server is revoked$/.test((await ask(400)).message ?? ''));
  await daemon.stop();
});
