import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { publishHostFacts } from '../../../agent/state/published-facts.ts';
import { type JurisdictionOptions, jurisdiction } from '../../../guard/authority/host-facts.ts';
import { GuardError } from '../../../guard/errors.ts';
import type { HostFacts } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';

const UID = process.getuid?.() ?? 0;
const AS_ROOT = UID === 0;
const FACTS: HostFacts = { v: 1, profile: 'production', hostGroup: 'build', trustDirectory: '/etc/other' };

interface Place {
  readonly host: string;
  readonly own: string;
  readonly directory: TempDirectory;
  judged(more?: Partial<JurisdictionOptions>): ReturnType<typeof jurisdiction>;
}

function place(context: TestContext): Place {
  const directory = new TempDirectory();
  context.after(() => directory[Symbol.dispose]());
  const [host, own] = [directory.at('host'), directory.at('own')];
  for (const path of [host, own]) mkdirSync(path, { mode: 0o700 });
  const options = {
    hostDirectory: host,
    own,
    uid: UID,
    systemTrust: '/etc/trust',
    profile: null,
    stateDir: null,
  };
  return { host, own, directory, judged: (more) => jurisdiction({ ...options, ...more }) };
}

const isUnusable = (error: unknown) =>
  error instanceof GuardError && error.code === 'GUARD_HOST_FACTS_UNUSABLE';

test('a host on which no agent published anything is judged as a developer machine', (context) => {
  const { own, judged } = place(context);
  const plain = { profile: 'developer', hostGroup: null, decisions: own, systemTrust: '/etc/trust' };
  assert.deepEqual(judged(), plain);
  assert.deepEqual(judged({ hostDirectory: '/nowhere/at/all', own: '/nowhere/either' }), {
    ...plain,
    decisions: '/nowhere/either',
  });
});

test('what the user’s own agent published counts, but never other trust roots than those of the host', (context) => {
  const { own, judged } = place(context);
  publishHostFacts(own, FACTS);
  assert.deepEqual(judged(), {
    profile: 'production',
    hostGroup: 'build',
    decisions: own,
    systemTrust: '/etc/trust',
  });
});

test('what root published binds everybody, and only its directory decides', (context) => {
  if (!AS_ROOT) return context.skip('only root can publish for the host');
  const { host, own, judged } = place(context);
  publishHostFacts(host, FACTS);
  publishHostFacts(own, { ...FACTS, profile: 'developer', hostGroup: null });
  const bound = { profile: 'production', hostGroup: 'build', decisions: host, systemTrust: '/etc/other' };
  assert.deepEqual(judged({ uid: 4_321 }), bound);
  assert.deepEqual(judged({ profile: 'developer' }), bound);
  assert.deepEqual(judged({ stateDir: `${host}/` }), bound);
  assert.throws(
    () => judged({ stateDir: own }),
    (error) => error instanceof GuardError && error.code === 'GUARD_STATE_DIR_REFUSED',
  );
});

test('the command line may only be stricter', (context) => {
  const { own, judged } = place(context);
  publishHostFacts(own, { ...FACTS, profile: 'developer' });
  assert.equal(judged({ profile: 'production' }).profile, 'production');
  publishHostFacts(own, FACTS);
  assert.equal(judged({ profile: 'developer' }).profile, 'production');
  assert.equal(judged({ stateDir: own, own: '/nowhere' }).profile, 'production');
});

test('facts that others could have written, or that say nothing, start no server', (context) => {
  const { own, directory, judged } = place(context);
  const file = directory.write('own/host.json', { ...FACTS, v: 2 });
  assert.throws(() => judged(), isUnusable);
  directory.write('own/host.json', '{');
  assert.throws(() => judged(), isUnusable);
  directory.write('own/host.json', `${JSON.stringify(FACTS)}${' '.repeat(70_000)}`);
  assert.throws(() => judged(), isUnusable);
  directory.write('own/host.json', FACTS);
  assert.equal(judged().profile, 'production');
  chmodSync(file, 0o666);
  assert.throws(() => judged(), isUnusable);
  chmodSync(file, 0o644);
  chmodSync(own, 0o777);
  assert.throws(() => judged(), isUnusable);
});

test('a link or a directory in the place of the facts is not followed', (context) => {
  const { own, directory, judged } = place(context);
  symlinkSync(directory.write('elsewhere.json', FACTS), `${own}/host.json`);
  assert.throws(() => judged(), isUnusable);
  mkdirSync(directory.at('third', 'host.json'), { recursive: true });
  assert.throws(() => judged({ own: directory.at('third') }), isUnusable);
});

test('nobody but root publishes for the host', (context) => {
  if (!AS_ROOT) return context.skip('only root can give files away');
  const { host, judged } = place(context);
  publishHostFacts(host, FACTS);
  chownSync(`${host}/host.json`, 4_321, 4_321);
  assert.throws(() => judged({ uid: 4_321 }), isUnusable);
});
