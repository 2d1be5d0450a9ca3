import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { type BootedHost, cannotBoot } from './booted-host.ts';
import { until } from './host.ts';
import { InstalledHost, NODE, SCRIPT } from './installed-host.ts';

const NEWER = '9.9.9';
const UNITS = ['sealwatch-agent', 'sealwatch-sensor'] as const;
/** What `systemd-analyze security` may say at the most. */
const MOST_EXPOSED = { 'sealwatch-sensor': 2.0, 'sealwatch-agent': 2.2, 'sealwatch-central': 1.5 } as const;
/** Bits of capability sets: include/uapi/linux/capability.h. */
const CAP = { DAC_READ_SEARCH: 2, KILL: 5, SYS_PTRACE: 19, BPF: 39 } as const;
/** A server that does what it is told: each line is a command for a shell. */
const SERVER = `
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
createInterface({ input: process.stdin }).on('line', (line) => spawn('/bin/sh', ['-c', line]));
`;
/** Units whose sign of life is missed soon. */
const IMPATIENT = '[Service]\nWatchdogSec=6\nTimeoutAbortSec=2\n';
const skip = cannotBoot();

function bitsOf(mask: string): readonly number[] {
  const value = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (value >> BigInt(bit)) & 1n);
}

/** Capability sets and what else holds a process, of proc_pid_status(5). */
function rightsOf(host: BootedHost, pid: number) {
  const text = host.ok('cat', `/proc/${pid}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1] ?? '';
  return {
    user: host.ok('stat', '--format=%U', `/proc/${pid}`).trim(),
    effective: bitsOf(field('CapEff')),
    permitted: bitsOf(field('CapPrm')),
    noNewPrivileges: field('NoNewPrivs'),
    seccomp: field('Seccomp'),
  };
}

test('the installed agent lives its whole life on a host with systemd', { skip }, async (context) => {
  const story = await InstalledHost.boot(context, [NEWER]);
  const { host, place } = story;
  const [first = '', newer = ''] = story.debs;

  await context.test('the package installs, starts, and says what it still needs', () => {
    const said = host.ok('dpkg', '--install', first);
    assert.match(said, /to do: set central\.url .* and put an enrolment token/);
    assert.equal(host.property('sealwatch-agent', 'ActiveState'), 'active');
    assert.equal(host.property('sealwatch-agent', 'StatusText').startsWith('watches this host'), true);
  });

  await context.test('it enrols once the token arrives after it', async () => {
    story.enrol();
    const { central } = await story.connected();
    assert.equal(central.enrolment.state, 'enrolled');
  });

  await context.test('its processes have accounts of their own and the listed capabilities alone', () => {
    const bound = { noNewPrivileges: '1', seccomp: '2' };
    const agent = [CAP.DAC_READ_SEARCH, CAP.SYS_PTRACE];
    assert.deepEqual(rightsOf(host, host.mainPid('sealwatch-agent')), {
      ...bound,
      ...{ user: 'sealwatch', effective: agent, permitted: agent },
    });
    const sensor = [CAP.DAC_READ_SEARCH, CAP.KILL, CAP.BPF];
    assert.deepEqual(rightsOf(host, host.mainPid('sealwatch-sensor')), {
      ...bound,
      ...{ user: 'sealwatch-sensor', effective: sensor, permitted: sensor },
    });
  });

  await context.test('systemd finds each unit as little exposed as we say', (t) => {
    const central = readFileSync(join(import.meta.dirname, '../../systemd/sealwatch-central.service'));
    host.write('root/etc/systemd/system/sealwatch-central.service', central);
    host.ok('systemctl', 'daemon-reload');
    for (const [unit, most] of Object.entries(MOST_EXPOSED)) {
      const said = host.ok('systemd-analyze', 'security', '--no-pager', `${unit}.service`);
      const score = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
      t.diagnostic(`${unit}: ${score} of 10`);
      assert.ok(score <= most, `${unit}: ${score} > ${most}\n${said}`);
    }
  });

  await context.test('it tells what is added, who rewrote a script, and what a server does', async () => {
    story.asAlice(SCRIPT, SERVER);
    story.configure('files');
    const added = await story.alert('mcp_server_added');
    assert.equal(added.user, 'alice');
    host.ok('sealwatch', 'approve', 'claude-code/files', '--yes');
    await until('the agent knows', () => story.status().servers.approved === 1);
    const server = host.spawnAs('alice', NODE, SCRIPT);
    server.stdin?.write('echo told\n');
    const shell = await story.alert('mcp_shell_spawn');
    assert.equal(shell.server?.name, 'files');
    assert.equal(shell.server?.state, 'approved');
    server.stdin?.write(`echo '// more' >> ${SCRIPT}\n`);
    const rewrite = await story.alert('mcp_self_rewrite');
    assert.deepEqual([rewrite.actor?.exe, rewrite.actor?.in_subtree], ['/usr/bin/dash', true]);
    server.kill('SIGKILL');
  });

  await context.test('a server that was revoked is ended by the sensor, for the agent may not', async () => {
    host.ok('sealwatch', 'approve', 'claude-code/files', '--yes');
    host.ok('sealwatch', 'revoke', 'claude-code/files', '--yes');
    await until('the agent knows', () => story.status().servers.revoked === 1);
    const server = host.spawnAs('alice', NODE, SCRIPT);
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      server.on('exit', (_, signal) => resolve(signal)),
    );
    assert.equal(await ended, 'SIGKILL');
    const denied = await story.alert('mcp_server_denied');
    assert.equal(denied.server?.name, 'files');
    const { collectors } = await story.connected();
    const notEnded = collectors.filter(({ code }: { code: string | null }) => code === 'member-not-ended');
    assert.deepEqual(notEnded, []);
  });

  for (const unit of UNITS) {
    await context.test(`${unit} comes back after kill -9, and nothing is missed then`, async () => {
      const before = host.mainPid(unit);
      host.ok('kill', '-9', String(before));
      await host.until(`a new ${unit}`, () => ![0, before].includes(host.mainPid(unit)));
      await story.connected();
      await story.addedIsTold(`after-${unit}`);
    });
  }

  for (const unit of UNITS) host.write(`root/etc/systemd/system/${unit}.service.d/impatient.conf`, IMPATIENT);
  host.ok('systemctl', 'daemon-reload');
  host.ok('systemctl', 'restart', 'sealwatch-agent');
  await story.connected();
  for (const unit of UNITS) {
    await context.test(`${unit} that stands still is ended by systemd, and comes back`, async () => {
      const before = host.mainPid(unit);
      host.ok('kill', '-STOP', String(before));
      await host.until(`a new ${unit}`, () => ![0, before].includes(host.mainPid(unit)));
      await story.connected();
      assert.match(host.journal(unit), /Watchdog timeout/);
    });
  }

  host.ok('sh', '-c', 'rm -r /etc/systemd/system/sealwatch-*.service.d; systemctl daemon-reload');

  await context.test('an upgrade is told as such, and loses nothing', async () => {
    // What it has seen whole once is what an upgrade is told from.
    await story.integrity('ok');
    story.configure('files', 'before-upgrade');
    host.ok('dpkg', '--install', newer);
    const { version } = await story.connected();
    assert.equal(version, NEWER);
    await story.alert('mcp_server_added', ({ server }) => server?.name === 'before-upgrade');
    await story.addedIsTold('after-upgrade');
    await story.alert('agent_upgraded');
    const alerts = await story.alerts();
    assert.deepEqual(
      alerts.filter(({ rule }) => rule.name === 'agent_tampered').map(({ event }) => event),
      [],
    );
  });

  await context.test('whoever changes a file of the installation is told', async () => {
    host.ok('sh', '-c', 'echo "# more" >> /usr/lib/sealwatch/bin/sealwatch');
    const tampered = await story.alert('agent_tampered');
    assert.match(JSON.stringify(tampered.event), /bin\/sealwatch/);
  });

  await context.test('its removal is told, takes what it should and keeps what it says', async () => {
    const said = host.ok('dpkg', '--remove', 'sealwatch-agent');
    assert.match(said, /kept \/etc\/sealwatch and \/var\/lib\/sealwatch/);
    const stopped = await story.alert('agent_stopped', ({ event }) =>
      /uninstall/.test(JSON.stringify(event)),
    );
    assert.equal(stopped.rule.level === 'informational', false);
    assert.equal(host.run('test', '-e', '/usr/lib/sealwatch').status, 1);
    assert.equal(host.run('test', '-e', '/var/lib/sealwatch/agent.db').status, 0);
    host.ok('dpkg', '--purge', 'sealwatch-agent');
    for (const path of ['/var/lib/sealwatch', '/etc/sealwatch'])
      assert.equal(host.run('test', '-e', path).status, 1, path);
    const left = host.run('systemctl', 'list-unit-files', '--no-legend', 'sealwatch-*').stdout;
    assert.doesNotMatch(left, /sealwatch-(?:agent|sensor|enrolment)/);
  });

  await context.test(
    'without a package, an unpacked archive is a service by one command, and none by another',
    async () => {
      host.ok('sh', '-c', 'rm -rf /etc/systemd/system/sealwatch-*; mkdir /opt/sealwatch');
      host.ok(
        'tar',
        '--extract',
        '--strip-components=1',
        '--directory=/opt/sealwatch',
        `--file=${story.archive}`,
      );
      host.write('root/root/token', place.central('token', 'create').stdout, 0o600);
      const sealwatch = '/opt/sealwatch/bin/sealwatch';
      host.ok('ln', '--symbolic', '--force', sealwatch, '/usr/local/bin/sealwatch');
      host.ok(sealwatch, 'service', 'install', '--central', place.agentUrl, '--token-file', '/root/token');
      const { central } = await story.connected();
      assert.equal(central.enrolment.state, 'enrolled');
      const { units } = JSON.parse(host.ok(sealwatch, 'service', 'status', '--json'));
      const agent = units.find(({ unit }: { unit: string }) => unit === 'sealwatch-agent.service');
      assert.equal(agent.active, 'active');
      await story.addedIsTold('by-archive');
      host.ok(sealwatch, 'service', 'uninstall', '--yes', '--purge');
      const isUninstall = ({ event }: Alert) => event['agent.stop_reason'] === 'uninstall';
      await until('a second uninstall', async () => (await story.alerts()).filter(isUninstall).length === 2);
      assert.equal(host.run('test', '-e', '/var/lib/sealwatch').status, 1);
    },
  );
});
