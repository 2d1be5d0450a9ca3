import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fullServer } from '../../../agent/enrich/known-server.ts';
import { HostView } from '../../../agent/host-view.ts';
import { openDatabase } from '../../../agent/state/database.ts';
import { SealedCopies } from '../../../agent/state/sealed-copies.ts';
import { installBundle, loadTrust, Marks, signEnvelope } from '../../../approval/index.ts';
import { trustKey } from '../../../approval/keys/key-choice.ts';
import type { KeyFile } from '../../../approval/keys/key-files.ts';
import { closureDiff } from '../../../central/approvals/closure-diff.ts';
import {
  type ApprovalWish,
  type Decision,
  Decisions,
  type ToSign,
} from '../../../central/approvals/decisions.ts';
import { ApprovalQueue } from '../../../central/approvals/queue.ts';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { BundleShelf, centralTrust } from '../../../central/bundles/bundle-shelf.ts';
import { FleetHealth } from '../../../central/bundles/fleet-health.ts';
import { Rollouts } from '../../../central/bundles/rollouts.ts';
import type { DatabasePlace } from '../../../central/store/place.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { workDirectory } from '../bench.ts';
import { approverKey } from '../bundles/signers.ts';
import { AGENT, OTHER_AGENT } from '../samples.ts';
import { openFor, testOnEach } from '../store/databases.ts';

const WISH: ApprovalWish = {
  owner: 'platform',
  reason: 'reviewed',
  expires: null,
  groups: null,
  profiles: ['developer'],
  accepted: [],
  policy: null,
  canaryPercent: 0,
};

/** A host with one server of one user under a home of its own. */
class Host implements Disposable {
  readonly home = new TempDirectory();
  readonly state = new TempDirectory();
  readonly #view: HostView;
  readonly #database;

  constructor(user: string, keys: readonly KeyFile[], script = 'safe()') {
    mkdirSync(join(this.home.path, '.cursor'));
    this.home.write('.cursor/mcp.json', { mcpServers: { files: { command: 'sh', args: ['~/srv/run.sh'] } } });
    this.write(script);
    for (const key of keys) trustKey({ stateDir: this.state.path, systemDirectory: null }, key);
    this.#database = openDatabase(this.state.path);
    this.#view = new HostView({
      users: [{ name: user, uid: process.getuid?.() ?? 0, gid: 0, home: this.home.path }],
      roots: [],
      guards: [],
      stateDir: this.state.path,
      salt: user,
      platform: 'linux',
      env: { HOME: this.home.path, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
      systemTrust: null,
      writers: { of: () => null },
      copies: new SealedCopies(() => this.#database),
    });
  }

  write(script: string): void {
    mkdirSync(join(this.home.path, 'srv'), { recursive: true });
    writeFileSync(join(this.home.path, 'srv', 'run.sh'), `# ${script}\n`);
  }

  async servers() {
    return (await this.#view.look(new Date())).servers.map(fullServer);
  }

  async verdict(): Promise<string | undefined> {
    return (await this.servers())[0]?.state;
  }

  install(bundle: string): void {
    const trust = loadTrust({ stateDir: this.state.path, systemDirectory: null, profile: 'developer' });
    installBundle(bundle, this.state.path, trust, new Marks(this.state.path));
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.home[Symbol.dispose]();
    this.state[Symbol.dispose]();
  }
}

/** Central with what approvals need, over a database. */
async function desk(context: TestContext, place: DatabasePlace, more: { held?: boolean } = {}) {
  const directory = workDirectory(context);
  const key = approverKey(directory);
  const store = await openFor(context, place);
  const { db } = store;
  const clock = Date.now;
  const audit = new AuditLog(db, clock);
  const trust = () => centralTrust(join(directory, 'trust'));
  const shelf = new BundleShelf({ db, audit, clock, trust });
  const rollouts = new Rollouts({
    db,
    audit,
    clock,
    health: new FleetHealth(db, clock),
    onChange: () => undefined,
  });
  const queue = new ApprovalQueue(db, clock);
  const signer = more.held === true ? key.signer : null;
  const decisions = new Decisions({ db, audit, clock, queue, shelf, rollouts, trust, signer });
  const see = async (agent: string, host: Host) => {
    const now = new Date().toISOString();
    await store.registerAgent({ id: agent, version: '1', host: agent, os: 'linux' }, now);
    await store.replaceInventory(agent, await host.servers(), now);
  };
  return { directory, key, store, db, queue, decisions, shelf, rollouts, see, trust };
}

type Desk = Awaited<ReturnType<typeof desk>>;

function sign({ payload, payloadType }: ToSign, { signer }: KeyFile) {
  return signEnvelope(Buffer.from(payload, 'base64'), signer, payloadType);
}

async function onlyAsk({ queue }: Desk) {
  const asks = await queue.list();
  assert.equal(asks.length, 1);
  const ask = await queue.find(asks[0]?.id ?? '');
  assert.ok(ask);
  return ask;
}

/** Signs a statement, then the bundle that carries it. */
async function decide({ decisions }: Desk, begun: Decision, key: KeyFile): Promise<Decision> {
  const signed = await decisions.sign(begun.id, await sign(begun.statement, key), 'user:a');
  assert.ok(signed.bundle);
  return await decisions.sign(begun.id, await sign(signed.bundle, key), 'user:a');
}

testOnEach('one signature approves what two hosts under two homes ask for', async (context, place) => {
  const central = await desk(context, place);
  using alice = new Host('alice', [central.key]);
  using bob = new Host('bob', [central.key]);
  await central.see(AGENT, alice);
  await central.see(OTHER_AGENT, bob);
  const ask = await onlyAsk(central);
  assert.deepEqual([ask.servers, ask.users], [2, ['alice', 'bob']]);
  const done = await decide(central, await central.decisions.approve(ask, WISH, 'user:a'), central.key);
  assert.equal(done.state, 'done');
  const [rollout] = await central.rollouts.list();
  assert.deepEqual([rollout?.id, rollout?.kind, rollout?.state], [done.rollout, 'approvals', 'full']);
  const text = await central.shelf.newestText('approvals');
  assert.ok(text);
  assert.deepEqual([await alice.verdict(), await bob.verdict()], ['pending', 'pending']);
  for (const host of [alice, bob]) host.install(text);
  assert.deepEqual([await alice.verdict(), await bob.verdict()], ['approved', 'approved']);
  bob.write('evil()');
  assert.equal(await bob.verdict(), 'drifted', 'a changed script is not what was approved');
});

testOnEach(
  'a changed server is asked for anew, with what changed; approving it replaces what was',
  async (context, place) => {
    const central = await desk(context, place);
    using alice = new Host('alice', [central.key]);
    await central.see(AGENT, alice);
    const approve = async () =>
      decide(central, await central.decisions.approve(await onlyAsk(central), WISH, 'user:a'), central.key);
    await approve();
    alice.install((await central.shelf.newestText('approvals')) ?? '');
    alice.write('next()');
    await central.see(AGENT, alice);
    const ask = await onlyAsk(central);
    assert.equal(ask.asking[0]?.server.state, 'drifted');
    const text = (await central.shelf.newestText('approvals')) ?? '';
    const { approvals } = JSON.parse(Buffer.from(JSON.parse(text).payload, 'base64').toString());
    const statement = JSON.parse(Buffer.from(approvals[0].payload, 'base64').toString());
    const diff = await closureDiff(central.db, central.queue, ask, [statement]);
    assert.equal(diff.against, 'approval');
    assert.deepEqual(
      diff.changes.map(({ change, role, path }) => [change, role, path.split('/').at(-1)]),
      [['changed', 'script', 'run.sh']],
    );
    await approve();
    const bundle = (await central.shelf.newestText('approvals')) ?? '';
    const carried = JSON.parse(Buffer.from(JSON.parse(bundle).payload, 'base64').toString());
    assert.deepEqual([carried.version, carried.approvals.length], [2, 1]);
    alice.install(bundle);
    assert.equal(await alice.verdict(), 'approved');
  },
);

testOnEach('as many approvers must sign as the trust roots ask for', async (context, place) => {
  const central = await desk(context, place);
  const second = approverKey(central.directory, 'second');
  writeFileSync(
    join(central.directory, 'trust', 'policy.json'),
    '{"threshold":{"developer":2,"production":2}}',
  );
  using alice = new Host('alice', [central.key, second]);
  await central.see(AGENT, alice);
  const begun = await central.decisions.approve(await onlyAsk(central), WISH, 'user:a');
  const one = await central.decisions.sign(begun.id, await sign(begun.statement, central.key), 'user:a');
  assert.deepEqual([one.state, one.bundle, one.needed], ['signing', null, 2]);
  const again = await central.decisions.sign(begun.id, await sign(begun.statement, central.key), 'user:a');
  assert.equal(again.state, 'signing', 'the same key twice is one signature');
  const two = await central.decisions.sign(begun.id, await sign(begun.statement, second), 'user:b');
  assert.equal(two.state, 'sealing');
});

testOnEach(
  'what is signed by a stranger, or is not what is to be signed, is refused',
  async (context, place) => {
    const central = await desk(context, place);
    const stranger = approverKey(workDirectory(context));
    using alice = new Host('alice', [central.key]);
    await central.see(AGENT, alice);
    const { id, statement } = await central.decisions.approve(await onlyAsk(central), WISH, 'user:a');
    const give = (envelope: unknown) => central.decisions.sign(id, envelope, 'user:a');
    await assert.rejects(give(await sign(statement, stranger)), { code: 'APPROVAL_SIGNER_UNTRUSTED' });
    const other = { ...statement, payload: Buffer.from('{}').toString('base64') };
    await assert.rejects(give(await sign(other, central.key)), { code: 'CENTRAL_DECISION_CHANGED' });
    const { bundle } = await give(await sign(statement, central.key));
    assert.ok(bundle);
    await assert.rejects(give(await sign(statement, central.key)), { code: 'CENTRAL_DECISION_CHANGED' });
    await assert.rejects(give(await sign(bundle, stranger)), { code: 'APPROVAL_SIGNER_UNTRUSTED' });
    assert.equal(await central.shelf.newestVersion('approvals'), 0);
    assert.equal((await give(await sign(bundle, central.key))).state, 'done');
  },
);

testOnEach('two decisions at once: the second bundle carries the first approval', async (context, place) => {
  const central = await desk(context, place);
  using alice = new Host('alice', [central.key]);
  using bob = new Host('bob', [central.key], 'other()');
  await central.see(AGENT, alice);
  await central.see(OTHER_AGENT, bob);
  const begun: Decision[] = [];
  for (const { id } of await central.queue.list()) {
    const ask = await central.queue.find(id);
    assert.ok(ask);
    const groups = [`g${begun.length}`];
    const open = await central.decisions.approve(ask, { ...WISH, groups }, 'user:a');
    begun.push(await central.decisions.sign(open.id, await sign(open.statement, central.key), 'user:a'));
  }
  const [first, second] = begun;
  assert.ok(first?.bundle && second?.bundle);
  await central.decisions.sign(first.id, await sign(first.bundle, central.key), 'user:a');
  const stale = sign(second.bundle, central.key);
  await assert.rejects(central.decisions.sign(second.id, await stale, 'user:a'), {
    code: 'CENTRAL_DECISION_CHANGED',
  });
  const fresh = await central.decisions.find(second.id);
  assert.ok(fresh?.bundle);
  await central.decisions.sign(second.id, await sign(fresh.bundle, central.key), 'user:a');
  const bundle = JSON.parse((await central.shelf.newestText('approvals')) ?? '');
  assert.equal(JSON.parse(Buffer.from(bundle.payload, 'base64').toString()).approvals.length, 2);
});

test('a central that holds a key decides by itself', async (context) => {
  const central = await desk(context, join(workDirectory(context), 'central.db'), { held: true });
  using alice = new Host('alice', [central.key]);
  await central.see(AGENT, alice);
  const done = await central.decisions.approve(await onlyAsk(central), WISH, 'user:a');
  assert.equal(done.state, 'done');
  alice.install((await central.shelf.newestText('approvals')) ?? '');
  assert.equal(await alice.verdict(), 'approved');
});
