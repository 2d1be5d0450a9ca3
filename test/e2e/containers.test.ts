import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { skip } from '../collectors/process/built-sensor.ts';
import { haveProgram } from '../debian-package.ts';
import { BoxedServer } from './containers/boxed-server.ts';
import { controlGroupsToRemove } from './containers/control-groups.ts';
import { type DockerEngine, startDocker } from './containers/docker-engine.ts';
import { type Podman, preparePodman } from './containers/podman-engine.ts';
import { archiveOf, makeRoot } from './containers/root-file-system.ts';
import { makeBundle } from './containers/runc-bundle.ts';
import { Host, type Program, until } from './host.ts';

const IMAGE = 'sealwatch-test:1';
const RUN = ['run', '-i', '--rm', '--network', 'none'];
const SERVER = '/srv/server.sh';
/** What says that the kernel told all that came before it. */
const LAST = 'the-last';

function reasonNot(program: string, debianPackage: string): string | false {
  if (skip !== false) return skip;
  if (!haveProgram('busybox', 'busybox-static', 'true')) return 'busybox cannot be installed';
  if (spawnSync('sh', ['-c', 'ldd "$(command -v busybox)"']).status === 0)
    return 'busybox here is not static';
  return haveProgram(program, debianPackage) ? false : `${program} cannot be installed`;
}

/** Ends of a suite: they run after all its tests, the last first. */
class Ends {
  readonly #ends: (() => unknown)[] = [];
  readonly context = { after: (end: () => unknown) => this.#ends.push(end) } as unknown as TestContext;

  async run(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

const newMark = () => `boxed-${randomBytes(6).toString('hex')}-`;
const says =
  (mark: string) =>
  ({ event }: Alert) =>
    String(event['CommandLine']).includes(mark);

/** The alert about a shell with this mark, which must be of this server, in a container. */
async function shellOf(daemon: Program, mark: string, server: string): Promise<Alert> {
  const alert = await daemon.alert('mcp_shell_spawn', says(mark));
  assert.equal(alert.server?.name, server);
  assert.equal(alert.event['mcp.in_container'], true);
  assert.equal(alert.event['mcp.in_launch_chain'], false);
  return alert;
}

/** Rules that hit for these servers and for the agent itself, but for a shell that a test asked for. */
function others(daemon: Program, ...servers: readonly string[]): readonly string[] {
  const isAsked = ({ rule, event }: Alert) =>
    rule.name === 'mcp_shell_spawn' && /boxed-|the-last/.test(String(event['CommandLine']));
  const isOurs = ({ server }: Alert) => server === null || servers.includes(server.name);
  const found = daemon.alerts.filter((alert) => isOurs(alert) && !isAsked(alert));
  return [...new Set(found.map(({ rule }) => rule.name))].sort();
}

describe('servers run by docker', { skip: reasonNot('dockerd', 'docker.io'), timeout: 180_000 }, () => {
  const ends = new Ends();
  let engine: DockerEngine;
  let daemon: Program;
  let env: NodeJS.ProcessEnv;
  let early: BoxedServer;

  before(async () => {
    const host = new Host(ends.context);
    ends.context.after(controlGroupsToRemove('docker'));
    engine = await startDocker(host.makeDirectory(join(host.directory, 'engine')));
    ends.context.after(() => engine.stop());
    const root = makeRoot(join(host.directory, 'root'));
    engine.docker('import', archiveOf(root, join(host.directory, 'root.tar')), IMAGE);
    env = { DOCKER_HOST: `unix://${engine.socket}` };
    const entry = (...args: readonly string[]) => ({ command: 'docker', args, env });
    host.writeConfig('.cursor/mcp.json', {
      boxed: entry(...RUN, IMAGE, SERVER),
      named: entry(...RUN, '--name', 'named-one', IMAGE, SERVER),
      sharing: entry(...RUN, '--pid', 'host', IMAGE, SERVER),
      entered: entry('exec', '-i', 'foreign', SERVER),
    });
    early = new BoxedServer(ends.context, 'docker', [...RUN, IMAGE, SERVER], env);
    await early.run(': early');
    daemon = await host.up().ready();
  });
  after(() => ends.run());

  const start = (at: TestContext, ...args: readonly string[]) => new BoxedServer(at, 'docker', args, env);
  const startBoxed = (at: TestContext) => start(at, ...RUN, IMAGE, SERVER);

  test('a server that ran before the agent did is followed', async () => {
    const mark = newMark();
    await early.run(`: ${mark}`);
    const alert = await shellOf(daemon, mark, 'boxed');
    assert.equal(alert.event['mcp.container'], engine.docker('ps', '-q'));
    assert.equal((await daemon.alert('mcp_unapproved_server_started')).actor?.pid, early.pid);
    await early.end();
  });

  test('a shell in the container is the deed of the server, and the server itself is none', async (at) => {
    const server = startBoxed(at);
    const mark = newMark();
    await server.run(`: ${mark}`);
    const alert = await shellOf(daemon, mark, 'boxed');
    assert.equal(alert.event['mcp.container'], engine.docker('ps', '-q'));
    assert.deepEqual(others(daemon, 'boxed'), ['mcp_unapproved_server_started']);
  });

  test('what enters the container from outside is the server’s too', async (at) => {
    const server = startBoxed(at);
    await server.run(`: ${newMark()}`);
    await until('the container', () => engine.docker('ps', '-q') !== '');
    const mark = newMark();
    engine.docker('exec', engine.docker('ps', '-q'), 'sh', '-c', `: ${mark}`);
    await shellOf(daemon, mark, 'boxed');
  });

  test('a named container is found by its name beside others of the same image', async (at) => {
    const [named, boxed] = [start(at, ...RUN, '--name', 'named-one', IMAGE, SERVER), startBoxed(at)];
    const [first, second] = [newMark(), newMark()];
    await Promise.all([named.run(`: ${first}`), boxed.run(`: ${second}`)]);
    const [one, other] = [await shellOf(daemon, first, 'named'), await shellOf(daemon, second, 'boxed')];
    assert.notEqual(one.event['mcp.container'], other.event['mcp.container']);
    assert.equal(one.event['mcp.container_guessed'], undefined);
  });

  test('a container in the host’s pid namespace is followed by its control group', async (at) => {
    const server = start(at, ...RUN, '--pid', 'host', IMAGE, SERVER);
    const mark = newMark();
    const alert = await until('a shell of it', async () => {
      await server.run(`: ${mark}`);
      return daemon.named('mcp_shell_spawn').find(says(mark));
    });
    assert.equal(alert.server?.name, 'sharing');
    assert.equal(alert.event['mcp.container'], engine.docker('ps', '-q'));
    assert.deepEqual(others(daemon, 'sharing'), ['mcp_unapproved_server_started']);
  });

  test('of servers that start alike at the same moment each gets a container', async (at) => {
    const servers = [startBoxed(at), startBoxed(at), startBoxed(at)];
    const asked = servers.map((server) => ({ server, mark: newMark() }));
    await Promise.all(asked.map(({ server, mark }) => server.run(`: ${mark}`)));
    const alerts = await Promise.all(asked.map(({ mark }) => shellOf(daemon, mark, 'boxed')));
    assert.equal(new Set(alerts.map(({ event }) => event['mcp.container'])).size, servers.length);
  });

  test('a container of nobody’s raises nothing, nor does one with a pid namespace used before', async (at) => {
    const server = startBoxed(at);
    const before = newMark();
    const namespace = await server.run(`readlink /proc/self/ns/pid; : ${before}`);
    await shellOf(daemon, before, 'boxed');
    await server.end();
    const mark = newMark();
    const args = [
      'run',
      '--rm',
      '--network',
      'none',
      IMAGE,
      'sh',
      '-c',
      `readlink /proc/self/ns/pid; sh -c ': ${mark}'`,
    ];
    const used = Array.from({ length: 3 }, () => engine.docker(...args));
    assert.ok(used.includes(namespace), `${namespace} is not among ${used}: nothing was shown`);
    engine.docker('run', '-d', '--rm', '--network', 'none', '--name', 'foreign', IMAGE, 'sleep', '60');
    engine.docker('exec', 'foreign', 'sh', '-c', `: ${mark}`);
    const next = startBoxed(at);
    await next.run(`: ${LAST}`);
    await shellOf(daemon, LAST, 'boxed');
    assert.deepEqual(daemon.alerts.filter(says(mark)), []);
  });

  test('a server that enters a container which was there before is said not to be followed', async (at) => {
    const server = start(at, 'exec', '-i', 'foreign', SERVER);
    at.after(() => engine.docker('rm', '-f', 'foreign'));
    await server.run(': entered');
    const alert = await daemon.alert('agent_sensor_degraded');
    assert.equal(alert.server?.name, 'entered');
    assert.match(
      String(alert.event['agent.detail']),
      /entered is not followed: it runs in a container that was/,
    );
    const told = others(daemon, 'boxed', 'named');
    assert.deepEqual(told, ['mcp_unapproved_server_started']);
  });
});

describe('servers run by podman', {
  skip: reasonNot('podman', 'podman') || reasonNot('runc', 'runc'),
  timeout: 180_000,
}, () => {
  const ends = new Ends();
  let podman: Podman;
  let daemon: Program;

  before(async () => {
    const host = new Host(ends.context);
    ends.context.after(controlGroupsToRemove('libpod_parent', 'conmon'));
    podman = preparePodman(join(host.directory, 'podman'));
    const root = makeRoot(join(host.directory, 'root'));
    ends.context.after(() => podman.podman('rm', '--all', '--force', '--time', '0'));
    podman.podman('import', archiveOf(root, join(host.directory, 'root.tar')), IMAGE);
    host.writeConfig('.cursor/mcp.json', {
      boxed: { command: 'podman', args: [...RUN, IMAGE, SERVER], env: podman.env },
    });
    daemon = await host.up().ready();
  });
  after(() => ends.run());

  test('the container is a descendant of its client, and what enters it later is a member too', async (at) => {
    const server = new BoxedServer(at, 'podman', [...RUN, IMAGE, SERVER], podman.env);
    const [inside, entered] = [newMark(), newMark()];
    await server.run(`: ${inside}`);
    const alert = await shellOf(daemon, inside, 'boxed');
    const id = podman.podman('ps', '-q');
    assert.equal(alert.event['mcp.container'], id);
    podman.podman('exec', id, 'sh', '-c', `: ${entered}`);
    assert.equal((await shellOf(daemon, entered, 'boxed')).event['mcp.container'], id);
    assert.equal((await daemon.alert('mcp_unapproved_server_started')).actor?.pid, server.pid);
    assert.deepEqual(others(daemon, 'boxed'), ['mcp_unapproved_server_started']);
  });

  test('a container of nobody’s raises nothing', async (at) => {
    const mark = newMark();
    podman.podman('run', '--rm', '--network', 'none', IMAGE, 'sh', '-c', `: ${mark}`);
    const server = new BoxedServer(at, 'podman', [...RUN, IMAGE, SERVER], podman.env);
    await server.run(`: ${LAST}`);
    await shellOf(daemon, LAST, 'boxed');
    assert.deepEqual(daemon.alerts.filter(says(mark)), []);
  });
});

describe('servers run by runc', { skip: reasonNot('runc', 'runc'), timeout: 120_000 }, () => {
  const ends = new Ends();
  after(() => ends.run());

  test('the container is a descendant of runc, and what enters it later is a member too', async (at) => {
    const host = new Host(ends.context);
    ends.context.after(controlGroupsToRemove('sealwatch-test'));
    const id = randomBytes(4).toString('hex');
    const bundle = makeBundle(host.makeDirectory(join(host.directory, 'bundle')), `/sealwatch-test/${id}`);
    const args = ['--root', join(host.directory, 'runc'), 'run', '-b', bundle, id];
    host.writeConfig('.cursor/mcp.json', { boxed: { command: 'runc', args } });
    const daemon = await host.up().ready();
    const server = new BoxedServer(at, 'runc', args);
    const [inside, entered] = [newMark(), newMark()];
    assert.notEqual(
      await server.run(`readlink /proc/self/ns/pid; : ${inside}`),
      readlinkSync('/proc/self/ns/pid'),
    );
    assert.equal((await shellOf(daemon, inside, 'boxed')).event['mcp.container'], id);
    spawnSync('runc', [...args.slice(0, 2), 'exec', id, 'sh', '-c', `: ${entered}`]);
    await shellOf(daemon, entered, 'boxed');
    assert.deepEqual(others(daemon, 'boxed'), ['mcp_unapproved_server_started']);
    await server.end();
    await daemon.stop();
  });
});
