import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HostView } from '../../agent/host-view.ts';
import type { Stance } from '../../agent/stance.ts';
import { openDatabase } from '../../agent/state/database.ts';
import { SealedCopies } from '../../agent/state/sealed-copies.ts';
import { openSigner } from '../../approval/index.ts';
import { encodeHashCache, HashCache } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { TempDirectory } from '../temp-directory.ts';

/** A home with one server, and a view of it. */
function viewed(home: TempDirectory, state: TempDirectory, stance?: Pick<Stance, 'profile'>): HostView {
  mkdirSync(join(home.path, '.cursor'));
  writeFileSync(join(home.path, '.cursor', 'mcp.json'), '{"mcpServers":{"a":{"command":"cat","args":[]}}}');
  return new HostView({
    users: [{ name: 'u', uid: process.getuid?.() ?? 0, gid: 0, home: home.path }],
    roots: [],
    guards: [],
    stateDir: state.path,
    salt: 'salt',
    platform: 'linux',
    env: { HOME: home.path, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    systemTrust: null,
    stance,
    writers: { of: () => null },
    copies: new SealedCopies(() => openDatabase(state.path)),
  });
}

test('a look judges by the profile as it is then', async () => {
  using home = new TempDirectory();
  using state = new TempDirectory();
  const stance: { profile: Profile } = { profile: 'developer' };
  const view = viewed(home, state, stance);
  const ruling = async () => (await view.look(new Date())).servers[0]?.verdict.ruling;
  assert.equal(await ruling(), 'report');
  stance.profile = 'production';
  assert.deepEqual([await ruling(), view.profile], ['deny', 'production']);
});

test('trust roots that others may write make every server invalid, and the look goes on', async () => {
  using home = new TempDirectory();
  using state = new TempDirectory();
  const view = viewed(home, state);
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

test('digests that are not to be kept in memory are gone at once, and are read again from where they lie', async () => {
  using home = new TempDirectory();
  using state = new TempDirectory();
  const files = 50_000;
  const identities = BigInt64Array.from({ length: files * 5 }, (_, word) => BigInt(word));
  const kept = encodeHashCache(HashCache.fromRecords({ identities, digests: Buffer.alloc(files * 32) }));
  state.write('hash-cache', kept, 0o600);
  chmodSync(state.path, 0o700);
  const view = viewed(home, state);
  await view.look(new Date());
  collect();
  const full = process.memoryUsage().arrayBuffers;
  view.keepHashes(false);
  const dropped = await settled(full - 2_000_000);
  await view.look(new Date());
  await settled(dropped + 1_000_000);
  assert.deepEqual(
    [(await view.look(new Date())).servers.length, state.read('hash-cache').length > 0],
    [1, true],
  );
  view.keepHashes(true);
  await view.look(new Date());
  collect();
  assert.ok(process.memoryUsage().arrayBuffers - dropped > 2_000_000);
});

/** Bytes of array buffers, once they are less than `most`: V8 frees them on threads of its own, a moment after it collected. */
async function settled(most: number): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    collect();
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers < most) return arrayBuffers;
    await sleep(25);
  }
  throw new Error(`${process.memoryUsage().arrayBuffers} bytes stay, ${most} were to be left at the most`);
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
