import assert from 'node:assert/strict';
import { chownSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import {
  ContainerFollower,
  type FoundContainer,
  type UnfollowedContainer,
} from '../../../agent/containers/container-follower.ts';
import { ContainerJoining } from '../../../agent/containers/container-joining.ts';
import { type Membership, ProcessTable } from '../../../agent/enrich/process-table.ts';
import type { TrackedContainer } from '../../../collectors/index.ts';
import type { ExecImage, ProcessExec } from '../../../wire/index.ts';
import { until } from '../../e2e/host.ts';
import { execEvent, exitEvent, plainImage } from '../../process-events.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { engineOf, type ToldContainer, toldContainer } from './fake-engine.ts';
import { FakeHost } from './fake-host.ts';

const [ID, OTHER] = ['ab'.repeat(32), 'cd'.repeat(32)];
const NAMESPACE = 4_026_532_000;
const CLIENT = 100;
const INIT = 200;
const RUN = ['docker', 'run', '-i', 'image:1', 'serve'];
const MEMBER: Membership = { serverId: 's', role: 'launcher', rootPid: CLIENT };
const ROOT = process.getuid?.() === 0 ? {} : { skip: 'only root can give sockets to other users' };

/** A follower on a host made of files, with an engine that tells of containers as the test puts them there. */
class Following {
  readonly directory = new TempDirectory();
  readonly host = new FakeHost(this.directory);
  readonly table = new ProcessTable();
  readonly found: FoundContainer[] = [];
  readonly unfollowed: UnfollowedContainer[] = [];
  readonly containers: ToldContainer[] = [];
  readonly socket = this.directory.at('docker.sock');
  contained: ReadonlyMap<string, TrackedContainer> = new Map();
  /** Milliseconds by which the follower's clock is ahead. */
  ahead = 0;
  /** Of processes that no event told of. */
  readonly starts = new Map<number, number>();
  readonly follower = new ContainerFollower({
    table: this.table,
    startOf: (pid) => this.starts.get(pid) ?? null,
    contain: (containers) => {
      this.contained = containers;
    },
    onFound: (found) => this.found.push(found),
    onUnfollowed: (unfollowed) => this.unfollowed.push(unfollowed),
    procRoot: this.host.procRoot,
    now: () => Date.now() + this.ahead,
  });

  static async begin(context: TestContext): Promise<Following> {
    const following = new Following();
    context.after(() => {
      following.follower.stop();
      following.directory[Symbol.dispose]();
    });
    await engineOf(context, following.socket, () => following.containers);
    return following;
  }

  /** A process takes an image; what it is then. */
  exec(pid: number, argv: readonly string[], image: Partial<ExecImage> = {}, ppid = 1): ProcessExec {
    const event = execEvent(pid, ppid, argv, { time: Date.now(), image: plainImage(image) });
    const { entry } = this.table.exec(event);
    const { membership } = this.follower.place(event, entry.membership, null);
    entry.membership = membership;
    return event;
  }

  client(argv: readonly string[] = RUN, pid = CLIENT, uid = 0): void {
    this.host.add(pid, { cgroup: '/', uid, environ: { DOCKER_HOST: `unix://${this.socket}` } });
    const event = this.exec(pid, argv);
    const { entry } = this.table.exec(event);
    entry.membership = { ...MEMBER, rootPid: pid };
    this.follower.ran(event, entry, entry.membership);
  }

  /** A container that runs, with its first process. */
  container(id = ID, pid = INIT, namespace = NAMESPACE, shim = 1): Partial<ExecImage> {
    const cgroup = `/docker/${id}`;
    this.host.add(pid, { cgroup, pidNamespace: namespace, isInit: true });
    this.host.fill(cgroup, pid);
    const image = { cgroup: this.host.inodeOf(cgroup), pid_namespace: namespace };
    this.exec(pid, ['serve'], image, shim);
    this.containers.push(toldContainer(id, pid));
    return image;
  }

  /** The roles of what was found, as the tracker would give them, with the facts' command lines in order. */
  join(found: FoundContainer): readonly string[] {
    const told: string[] = [];
    new ContainerJoining(
      {
        table: this.table,
        confirm: () => {},
        factOf: ({ pid, argv }) => {
          told.push(`${argv.join(' ')}: ${this.table.recent(pid, null)?.membership?.role}`);
          return null;
        },
      },
      found,
    ).join();
    return told;
  }
}

test('a container is found by its client, and what ran in it until then is told', async (context) => {
  const following = await Following.begin(context);
  following.client();
  const image = following.container();
  following.exec(INIT + 1, ['sh', '-c', 'id'], image, INIT);
  following.exec(INIT + 1, ['id'], image, INIT);
  following.exec(300, ['elsewhere']);
  const [found] = await until('the container', () => following.found.length > 0 && following.found);
  assert.ok(found !== undefined);
  assert.deepEqual(found.membership, { ...MEMBER, container: { id: ID, guessed: false } });
  assert.deepEqual(following.join(found), ['serve: server', 'sh -c id: inside', 'id: inside']);
  assert.equal(following.table.get(300)?.membership, null);
  const [told] = following.contained.values();
  assert.equal(told?.cgroup, image.cgroup);
  assert.equal(told?.pidNamespace, NAMESPACE);
  assert.equal(told?.member?.root, CLIENT);
});

test('what enters a container later is a member, until its first process has ended', async (context) => {
  const following = await Following.begin(context);
  following.client();
  const image = following.container();
  await until('the container', () => following.found.length > 0);
  following.exec(400, ['sh'], image);
  assert.deepEqual(following.table.get(400)?.membership, {
    serverId: 's',
    rootPid: CLIENT,
    role: 'inside',
    container: { id: ID, guessed: false },
  });
  following.follower.ended(exitEvent(INIT + 5));
  assert.equal(following.contained.size, 1);
  following.follower.ended(exitEvent(INIT));
  assert.equal(following.contained.size, 0);
  following.exec(401, ['sh'], { cgroup: 1, pid_namespace: NAMESPACE });
  assert.equal(following.table.get(401)?.membership, null, 'the next container got its pid namespace');
});

test('an engine is believed only as far as the kernel says the same', async (context) => {
  const following = await Following.begin(context);
  following.client();
  following.host.add(500, { cgroup: `/docker/${OTHER}`, pidNamespace: 9, isInit: true });
  following.exec(500, ['serve'], { cgroup: 5, pid_namespace: 9 });
  following.containers.push(toldContainer(ID, 500));
  following.ahead = 20_000;
  await until('a word of it', () => following.unfollowed.length > 0);
  assert.match(following.unfollowed[0]?.reason ?? '', /a process that is in no such container/);
  assert.deepEqual(following.found, []);
});

test('the engine of an ordinary user has only what that user started', ROOT, async (context) => {
  for (const [engineOwner, shimOwner, expected] of [
    [1_000, 1_000, null],
    [1_000, 0, /a process that it did not start/],
    [1_001, 1_001, /none of its sockets is an engine that it may use/],
  ] as const) {
    const following = await Following.begin(context);
    chownSync(following.socket, engineOwner, 0);
    following.client(RUN, CLIENT, 1_000);
    following.ahead = 20_000;
    const shim = execEvent(INIT - 1, 1, ['containerd-shim'], { uid: shimOwner, image: plainImage() });
    following.table.exec(shim);
    following.container(ID, INIT, NAMESPACE, INIT - 1);
    await until('an answer', () => following.unfollowed.length + following.found.length > 0);
    if (expected === null) assert.equal(following.found.length, 1);
    else assert.match(following.unfollowed[0]?.reason ?? '', expected);
  }
});

test('a container that is not found is told of once, and is still looked for', async (context) => {
  const following = await Following.begin(context);
  following.client();
  following.ahead = 20_000;
  await until('a word of it', () => following.unfollowed.length > 0);
  following.container();
  await until('the container', () => following.found.length > 0);
  assert.equal(following.unfollowed.length, 1);
  assert.equal(following.unfollowed[0]?.entry.pid, CLIENT);
});

test('a client that ended before its container was found is told of, unless nothing ran', async (context) => {
  const following = await Following.begin(context);
  following.client(RUN, 101);
  following.follower.ended(exitEvent(101, { exit_code: 125 }));
  following.client(RUN, 102);
  following.follower.ended(exitEvent(102, { exit_code: 0 }));
  await until('a word of it', () => following.unfollowed.length > 0);
  assert.deepEqual(
    following.unfollowed.map(({ entry }) => entry.pid),
    [102],
  );
});

test('an engine on another host is told of', async (context) => {
  const following = await Following.begin(context);
  following.client(['docker', '-H', 'tcp://far.example:2376', ...RUN.slice(1)]);
  following.ahead = 20_000;
  await until('a word of it', () => following.unfollowed.length > 0);
  assert.match(following.unfollowed[0]?.reason ?? '', /on another host/);
});

test('clients that start alike get one container each', async (context) => {
  const following = await Following.begin(context);
  following.client(RUN, 101);
  following.client(RUN, 102);
  following.container(ID, 201);
  following.container(OTHER, 202, NAMESPACE + 1);
  await until('both', () => following.found.length === 2);
  assert.deepEqual(following.found.map(({ membership }) => membership.container?.id).sort(), [ID, OTHER]);
  assert.deepEqual(following.found.map(({ membership }) => membership.rootPid).sort(), [101, 102]);
  assert.ok(following.found.some(({ membership }) => membership.container?.guessed));
});

test('a member that enters what holds others does not make it its server’s', async (context) => {
  const following = await Following.begin(context);
  const cgroup = `/libpod_parent/libpod-${ID}`;
  following.host.add(600, { cgroup, pidNamespace: 9 });
  following.host.fill(cgroup, 600, 601);
  following.exec(601, ['foreign'], { cgroup: following.host.inodeOf(cgroup), pid_namespace: 9 });
  const event = execEvent(600, 1, ['sh'], {
    image: plainImage({ cgroup: following.host.inodeOf(cgroup), pid_namespace: 9 }),
  });
  following.table.exec(event).entry.membership = MEMBER;
  const runc = { exe: '/usr/sbin/runc', argv: ['runc', 'exec'] };
  const { membership } = following.follower.place(event, MEMBER, runc);
  assert.equal(membership?.container?.id, ID, 'it is in there itself');
  assert.equal(following.contained.size, 0);
});

test('a container that descends from its client is the server’s from its first image on', async (context) => {
  const following = await Following.begin(context);
  const cgroup = '/box';
  following.host.add(700, { cgroup, pidNamespace: 9, isInit: true });
  following.host.fill(cgroup, 700);
  const image = plainImage({ cgroup: following.host.inodeOf(cgroup), pid_namespace: 9 });
  const event = execEvent(700, 1, ['serve'], { image });
  following.table.exec(event).entry.membership = MEMBER;
  const runc = { exe: '/memfd:runc_cloned:/proc/self/exe (deleted)', argv: ['runc', 'init'] };
  const { membership } = following.follower.place(event, MEMBER, runc);
  assert.deepEqual(membership, { ...MEMBER, role: 'server', container: { id: 'box', guessed: false } });
  const [told] = following.contained.values();
  assert.deepEqual([told?.cgroup, told?.pidNamespace], [image.cgroup, 9]);
});

test('a container that shares the host’s pid namespace is known by its control group alone', async (context) => {
  const following = await Following.begin(context);
  following.client();
  const cgroup = `/docker/${ID}`;
  following.host.add(INIT, { cgroup });
  following.host.fill(cgroup, INIT);
  following.starts.set(INIT, 77);
  following.containers.push(toldContainer(ID, INIT));
  await until('the container', () => following.found.length > 0);
  const [tracked] = following.contained.values();
  assert.deepEqual([tracked?.cgroup, tracked?.pidNamespace], [following.host.inodeOf(cgroup), 0]);
  const image = plainImage({ cgroup: following.host.inodeOf(cgroup) });
  const late = execEvent(INIT, 1, ['sh', '/srv/server.sh'], { start: 77, image });
  const told = { serverId: 's', role: 'inside', rootPid: CLIENT } as const;
  assert.equal(
    following.follower.place(late, told, null).membership?.role,
    'server',
    'told after all others',
  );
  following.exec(800, ['sh'], { cgroup: following.host.inodeOf(cgroup) });
  assert.equal(following.table.get(800)?.membership?.role, 'inside');
  following.follower.ended(exitEvent(INIT, { start: 77 }));
  assert.equal(following.contained.size, 0);
});
