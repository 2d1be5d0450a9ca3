import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'plist';
import { loadConfig, STOPPING_FILE } from '../../../agent/index.ts';
import { loadCentralConfig } from '../../../central/index.ts';
import { serviceInstall } from '../../../cli/commands/service/install.ts';
import { serviceStatus } from '../../../cli/commands/service/status.ts';
import { serviceUninstall } from '../../../cli/commands/service/uninstall.ts';
import { runCommand as runCommandHere } from '../../../cli/service/command-runner.ts';
import { type InstallPlan, planInstall } from '../../../cli/service/install-plan.ts';
import { UNITS } from '../../../cli/service/parts.ts';
import { stepLine } from '../../../cli/service/steps.ts';
import { tellUninstall } from '../../../cli/service/stopping-word.ts';
import { sha256Hex } from '../../../inventory/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { runBuilt } from '../built.ts';
import { ServiceGround } from './service-ground.ts';

const CENTRAL = 'wss://central.example.com:7443';
const UNIT = 'etc/systemd/system/sealwatch-agent.service';

function installAgent(ground: ServiceGround, more: object = {}, host: object = {}): number {
  return serviceInstall(
    { destdir: ground.path, central: CENTRAL, ...more },
    ground.install,
    ground.output(),
    ground.host(host),
  );
}

const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected);
  return true;
};

test('an install writes units that run the installation from where it lies, and a config that the agent takes', () => {
  using ground = new ServiceGround();
  ground.write('token', 'swt_0123\n', 0o600);
  assert.equal(installAgent(ground, { tokenFile: ground.at('token') }), 0);
  const unit = ground.read(UNIT);
  assert.match(unit, /^ExecStart=\/opt\/sealwatch\/bin\/sealwatch x$/m);
  assert.match(unit, /of \/usr\/lib\/sealwatchdog and \/opt\/sealwatch$/m);
  assert.deepEqual(readdirSync(ground.at('etc/systemd/system')).sort(), [...UNITS.agent].sort());
  for (const kind of ['sysusers', 'tmpfiles'])
    assert.ok(existsSync(ground.at(`etc/${kind}.d/sealwatch-agent.conf`)), kind);
  chmodSync(ground.at('etc/sealwatch'), 0o755);
  const config = loadConfig(ground.at('etc/sealwatch/agent.yml'));
  assert.deepEqual(config.central, {
    url: CENTRAL,
    token_file: '/run/credentials/sealwatch-agent.service/enrolment-token',
  });
  assert.equal(ground.read('etc/sealwatch/enrolment-token'), 'swt_0123\n');
  assert.equal(statSync(ground.at('etc/sealwatch/enrolment-token')).mode & 0o777, 0o600);
  assert.equal(statSync(ground.at('etc/sealwatch/agent.yml')).mode & 0o777, 0o644);
  assert.deepEqual(ground.ran, [
    'systemctl --root=IMAGE enable sealwatch-agent.service sealwatch-sensor.socket sealwatch-enrolment.path',
  ]);
});

test('central is installed beside the agent, with a config that it takes', () => {
  using ground = new ServiceGround();
  installAgent(ground);
  assert.equal(installAgent(ground, { centralNode: true }), 0);
  assert.match(
    ground.read('etc/systemd/system/sealwatch-central.service'),
    /ExecStart=\/opt\/sealwatch\/bin/,
  );
  assert.equal(
    loadCentralConfig(ground.at('etc/sealwatch/central.yml')).state_dir,
    '/var/lib/sealwatch-central',
  );
  const { files } = JSON.parse(ground.read('etc/sealwatch/service.json'));
  assert.equal(files.length, UNITS.agent.length + UNITS.central.length + 4);
});

test('a second install changes nothing, and one of a newer version writes what differs', () => {
  using ground = new ServiceGround();
  installAgent(ground);
  const before = lstatSync(ground.at(UNIT)).ino;
  assert.equal(installAgent(ground), 0);
  assert.equal(lstatSync(ground.at(UNIT)).ino, before);
  assert.ok(ground.lines.some((line) => line.includes('agent.service') && line.endsWith('is so already')));
  ground.write('opt/sealwatch/systemd/sealwatch-agent.service', '[Service]\nNice=5\n[Install]\n');
  assert.equal(installAgent(ground), 0);
  assert.match(ground.read(UNIT), /Nice=5/);
});

test('the config of the host and a changed unit are never written over', () => {
  using ground = new ServiceGround();
  ground.write('etc/sealwatch/agent.yml', 'mine\n');
  assert.equal(installAgent(ground), 0);
  assert.equal(ground.read('etc/sealwatch/agent.yml'), 'mine\n');
  ground.write(UNIT, '[Service]\n# changed by the admin\n');
  assert.throws(() => installAgent(ground), code('CLI_SERVICE_FILE_FOREIGN'));
});

test('a dry run prints each file and command, needs no root, and leaves the image as it was', () => {
  using ground = new ServiceGround();
  assert.equal(installAgent(ground, { dryRun: true }, { isRoot: false }), 0);
  assert.deepEqual(readdirSync(ground.at('etc')), []);
  assert.deepEqual(ground.ran, []);
  assert.ok(ground.lines.includes('write /etc/systemd/system/sealwatch-agent.service (0644)'));
  assert.ok(ground.lines.some((line) => line.startsWith('run systemctl')));
});

test('an installation that others could change is refused, wherever in it that is', () => {
  using ground = new ServiceGround();
  for (const part of ['', '/bin', '/bin/sealwatch']) {
    const path = `${ground.install.root}${part}`;
    chmodSync(path, 0o775);
    assert.throws(() => installAgent(ground), code('CLI_SERVICE_ROOT_EXPOSED'), part);
    chmodSync(path, 0o755);
  }
  assert.throws(() => installAgent(ground, {}, { owners: [4_242] }), code('CLI_SERVICE_ROOT_EXPOSED'));
  symlinkSync('/tmp', join(ground.install.root, 'elsewhere'));
  assert.throws(() => installAgent(ground), code('CLI_SERVICE_ROOT_EXPOSED'));
  assert.deepEqual(readdirSync(ground.at('etc')), []);
});

test('an installation that lacks a unit, or a program that a unit starts, is refused before anything is written', () => {
  using ground = new ServiceGround();
  rmSync(ground.at('opt/sealwatch/bin/sealwatch'));
  assert.throws(() => installAgent(ground), code('CLI_SERVICE_INCOMPLETE'));
  using other = new ServiceGround();
  rmSync(other.at('opt/sealwatch/systemd/sealwatch-enrolment.path'));
  assert.throws(() => installAgent(other), code('CLI_SERVICE_INCOMPLETE'));
  assert.deepEqual([readdirSync(ground.at('etc')), readdirSync(other.at('etc'))], [[], []]);
});

test('the units that an install knows are those of the checkout', (context) => {
  const directory = new URL('../../../systemd/', import.meta.url);
  if (!existsSync(directory)) return context.skip('this checkout has no units');
  const names = readdirSync(directory).filter((name) => !name.endsWith('.conf'));
  assert.deepEqual(names.sort(), [...UNITS.agent, ...UNITS.central].sort());
});

test('an installation that services would not see is refused with the way out', () => {
  for (const place of ['home/ann/sealwatch', 'tmp/x', 'opt/with blank']) {
    using ground = new ServiceGround(place);
    assert.throws(() => installAgent(ground), code('CLI_SERVICE_ROOT_UNFIT'), place);
  }
});

test('a service of a package is left to the package manager', () => {
  using ground = new ServiceGround();
  ground.write('usr/lib/systemd/system/sealwatch-agent.service', '[Service]\n');
  assert.throws(() => installAgent(ground), code('CLI_SERVICE_PACKAGED'));
  assert.equal(installAgent(ground, { centralNode: true, agent: false }), 0);
});

test('without config or --central, without root, and without systemd the reason is told', () => {
  using ground = new ServiceGround();
  const run = (choice: object, over: object) => () =>
    serviceInstall(choice, ground.install, ground.output(), ground.host(over));
  assert.throws(run({ destdir: ground.path }, {}), code('CLI_USAGE'));
  assert.throws(run({ destdir: ground.path, central: 'http://x' }, {}), code('CLI_USAGE'));
  assert.throws(run({}, { hasSystemd: false }), code('CLI_SERVICE_UNSUPPORTED'));
  assert.throws(run({}, { platform: 'freebsd' }), code('CLI_SERVICE_UNSUPPORTED'));
  assert.throws(run({}, { isRoot: false }), (error: { code?: string; hint?: string }) => {
    assert.equal(error.code, 'CLI_NOT_ROOT');
    assert.equal(error.hint, `sudo ${ground.install.root}/bin/sealwatch service install`);
    return true;
  });
});

test('a command that fails is named with what it said, and what was written can be removed', async () => {
  using ground = new ServiceGround();
  ground.reply = () => ({ status: 1, stderr: 'no such bus' });
  assert.throws(
    () => installAgent(ground),
    (error: { code?: string; message?: string }) =>
      error.code === 'CLI_SERVICE_COMMAND_FAILED' && /no such bus/.test(error.message ?? ''),
  );
  ground.reply = () => ({ status: 0 });
  const choice = { destdir: ground.path };
  assert.equal(await serviceUninstall(choice, ground.install, ground.output(), ground.host()), 0);
  assert.equal(existsSync(ground.at(UNIT)), false);
});

test('an uninstall removes what was written, keeps what was changed, and says what it keeps', async () => {
  using ground = new ServiceGround();
  installAgent(ground);
  ground.write('etc/systemd/system/sealwatch-sensor.socket', 'mine now\n');
  ground.write('var/lib/sealwatch/agent.db', 'x');
  const choice = { destdir: ground.path };
  assert.equal(await serviceUninstall(choice, ground.install, ground.output(true), ground.host()), 0);
  assert.deepEqual(readdirSync(ground.at('etc/systemd/system')), ['sealwatch-sensor.socket']);
  const [answer] = ground.answers as [{ kept: { path: string }[] }];
  assert.deepEqual(
    answer.kept.map(({ path }) => path),
    ['/etc/systemd/system/sealwatch-sensor.socket', '/etc/sealwatch/agent.yml', '/var/lib/sealwatch'],
  );
  assert.equal(ground.read('var/lib/sealwatch/agent.db'), 'x');
});

const SERVICES = 'sealwatch-agent.service sealwatch-sensor.socket sealwatch-enrolment.path';

test('on a running system users and directories come before units, and an older service starts anew', () => {
  using ground = new ServiceGround();
  const wish = {
    ...{ parts: ['agent'] as const, platform: 'linux' as const, root: ground.install.root },
    ...{ seenAs: '/opt/sealwatch', destdir: '', central: CENTRAL, token: null, written: [] },
  };
  const commands = (plan: InstallPlan) =>
    plan.steps.filter(({ kind }) => kind === 'run').map((step) => stepLine(step));
  const fresh = planInstall(wish);
  const usual = [
    'run systemd-sysusers /etc/sysusers.d/sealwatch-agent.conf',
    'run systemd-tmpfiles --create /etc/tmpfiles.d/sealwatch-agent.conf',
    'run systemctl daemon-reload',
    `run systemctl enable --now ${SERVICES}`,
  ];
  assert.deepEqual(commands(fresh), usual);
  assert.deepEqual(commands(planInstall({ ...wish, written: fresh.record })), usual);
  ground.write('opt/sealwatch/systemd/sealwatch-agent.service', '[Service]\nNice=5\n[Install]\n');
  assert.deepEqual(commands(planInstall({ ...wish, written: fresh.record })), [
    ...usual,
    `run systemctl try-restart ${SERVICES}`,
  ]);
});

test('--purge leaves nothing behind', async () => {
  using ground = new ServiceGround();
  installAgent(ground);
  ground.write('var/lib/sealwatch/agent.db', 'x');
  const choice = { destdir: ground.path, purge: true, yes: true };
  assert.equal(await serviceUninstall(choice, ground.install, ground.output(), ground.host()), 0);
  for (const path of ['etc/sealwatch', 'var/lib/sealwatch', UNIT])
    assert.equal(existsSync(ground.at(path)), false, path);
});

test('--purge asks first', async () => {
  using ground = new ServiceGround();
  installAgent(ground);
  const choice = { destdir: ground.path, purge: true };
  await assert.rejects(
    serviceUninstall(choice, ground.install, ground.output(), ground.host()),
    code('CLI_NOT_CONFIRMED'),
  );
  assert.ok(existsSync(ground.at(UNIT)));
});

test('a record is not followed to files that no install writes', async () => {
  using ground = new ServiceGround();
  installAgent(ground);
  const record = JSON.parse(ground.read('etc/sealwatch/service.json'));
  ground.write('etc/passwd', 'x');
  const sha256 = sha256Hex('x');
  for (const path of ['/etc/passwd', '/etc/systemd/system/../../passwd'])
    record.files.push({ part: 'agent', path, sha256 });
  ground.write('etc/sealwatch/service.json', record);
  await serviceUninstall({ destdir: ground.path }, ground.install, ground.output(), ground.host());
  assert.equal(ground.read('etc/passwd'), 'x');
  ground.write('etc/sealwatch/service.json', '{"v":1}');
  assert.throws(() => installAgent(ground), code('CLI_SERVICE_RECORD_UNREADABLE'));
});

test('the word that says why lies where the agent looks before anything is stopped, and follows no link', () => {
  assert.equal(STOPPING_FILE, '/run/sealwatch/stopping');
  using directory = new TempDirectory();
  const victim = directory.write('victim', 'untouched', 0o600);
  symlinkSync(victim, directory.at('stopping'));
  assert.equal(tellUninstall(directory.at('stopping')), true);
  assert.equal(directory.read('stopping'), 'uninstall\n');
  assert.equal(statSync(directory.at('stopping')).mode & 0o777, 0o644);
  assert.deepEqual([directory.read('victim'), statSync(victim).mode & 0o777], ['untouched', 0o600]);
  assert.equal(tellUninstall(directory.at('none', 'stopping')), false);
});

test('on macOS the daemon is written and loaded, and unloaded and removed again', async () => {
  using ground = new ServiceGround();
  const mac = { platform: 'darwin' as const };
  assert.equal(installAgent(ground, {}, mac), 0);
  const plist = parse(ground.read('Library/LaunchDaemons/dev.sealwatch.agent.plist'));
  assert.deepEqual(plist, {
    Label: 'dev.sealwatch.agent',
    ProgramArguments: [
      '/opt/sealwatch/bin/sealwatch',
      'agent',
      'run',
      '--config',
      '/etc/sealwatch/agent.yml',
    ],
    ProcessType: 'Interactive',
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 10,
    ExitTimeOut: 20,
    Umask: 0o077,
    StandardErrorPath: '/Library/Logs/Sealwatch/agent.log',
  });
  ground.write('opt/sealwatch/runtime/node', '', 0o755);
  assert.equal(installAgent(ground, {}, mac), 0);
  assert.match(
    ground.read('Library/LaunchDaemons/dev.sealwatch.agent.plist'),
    /<string>.opt.sealwatch.runtime.node</,
  );
  ground.lines.length = 0;
  const running = { dryRun: true, central: CENTRAL };
  assert.equal(serviceInstall(running, ground.install, ground.output(), ground.host(mac)), 0);
  assert.deepEqual(ground.lines.slice(-3), [
    'run launchctl bootout system/dev.sealwatch.agent',
    'run launchctl enable system/dev.sealwatch.agent',
    'run launchctl bootstrap system /Library/LaunchDaemons/dev.sealwatch.agent.plist',
  ]);
  await serviceUninstall({ destdir: ground.path }, ground.install, ground.output(), ground.host(mac));
  assert.equal(existsSync(ground.at('Library/LaunchDaemons/dev.sealwatch.agent.plist')), false);
});

const SHOWN = `LoadState=loaded
FragmentPath=/usr/lib/systemd/system/X
DropInPaths=/etc/systemd/system/X.d/a.conf
UnitFileState=enabled
ActiveState=active
SubState=running
ActiveEnterTimestamp=Mon 2026-11-23 10:00:00 UTC
InactiveEnterTimestamp=
MainPID=4242
MemoryCurrent=52428800
MemoryHigh=infinity
Result=success
ExecMainStatus=0
`;

test('status says of each unit who installed it, since when it runs and what it takes', () => {
  using ground = new ServiceGround();
  ground.reply = () => ({ status: 0, stdout: SHOWN });
  assert.equal(serviceStatus({ agent: true }, ground.output(true), ground.host()), 0);
  const [{ units }] = ground.answers as [{ units: Record<string, unknown>[] }];
  assert.equal(units.length, UNITS.agent.length);
  assert.deepEqual(units[0], {
    unit: 'sealwatch-agent.service',
    part: 'agent',
    installed_by: 'package',
    changed: false,
    drop_ins: ['/etc/systemd/system/X.d/a.conf'],
    enabled: 'enabled',
    active: 'active',
    sub: 'running',
    since: 'Mon 2026-11-23 10:00:00 UTC',
    pid: 4242,
    memory_bytes: 52_428_800,
    last_exit: { result: 'success', status: 0 },
    memory_high_bytes: null,
  });
});

test('status ends in 1 where a unit failed or its part does not run, and in 3 where nobody can be asked', () => {
  using ground = new ServiceGround();
  const status = (stdout: string) => {
    ground.reply = () => ({ status: 0, stdout });
    return serviceStatus({ centralNode: true }, ground.output(), ground.host());
  };
  assert.equal(status(SHOWN), 0);
  assert.equal(status(SHOWN.replace('ActiveState=active', 'ActiveState=failed')), 1);
  assert.equal(status(SHOWN.replace('ActiveState=active', 'ActiveState=inactive')), 1);
  assert.equal(status('LoadState=not-found\nActiveState=inactive\n'), 1);
  const failedSensor = (line: string) =>
    line.endsWith('sensor.service') ? SHOWN.replace('ActiveState=active', 'ActiveState=failed') : SHOWN;
  ground.reply = (line) => ({ status: 0, stdout: failedSensor(line) });
  assert.equal(serviceStatus({ agent: true }, ground.output(), ground.host()), 1);
  ground.reply = () => ({ status: 1 });
  assert.throws(() => serviceStatus({}, ground.output(), ground.host()), code('CLI_SERVICE_UNSUPPORTED'));
});

test('status of launchd is read from what it prints', () => {
  using ground = new ServiceGround();
  ground.reply = () => ({
    status: 0,
    stdout: '\tstate = running\n\tpid = 77\n\tlast exit code = (never exited)\n',
  });
  const mac = ground.host({ platform: 'darwin' });
  assert.equal(serviceStatus({ agent: true }, ground.output(true), mac), 0);
  const [{ units }] = ground.answers as [{ units: Record<string, unknown>[] }];
  assert.deepEqual([units[0]?.['active'], units[0]?.['pid'], units[0]?.['last_exit']], ['active', 77, null]);
});

test('the built command knows the verbs, and refuses what it cannot do', () => {
  const { status, stdout } = runBuilt(['service', '--help']);
  assert.equal(status, 0);
  for (const verb of ['install', 'uninstall', 'status']) assert.match(stdout, new RegExp(`^  ${verb} `, 'm'));
});

test('systemctl itself enables what was written into an image', (context) => {
  using ground = new ServiceGround();
  const { stdout } = runCommandHere('systemctl', ['--version']);
  if (!/^systemd /.test(stdout)) return context.skip('there is no systemctl here');
  assert.equal(installAgent(ground, {}, { run: runCommandHere }), 0);
  const wanted = readdirSync(ground.at('etc/systemd/system/multi-user.target.wants')).sort();
  assert.deepEqual(wanted, [
    'sealwatch-agent.service',
    'sealwatch-enrolment.path',
    'sealwatch-sensor.socket',
  ]);
});
