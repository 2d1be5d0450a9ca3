import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agentSettings, loadConfig } from '../../agent/index.ts';
import { loadCentralConfig } from '../../central/index.ts';
import { ansibleVariable } from '../../packaging/mdm/ansible-role.ts';
import { haveProgram } from '../debian-package.ts';
import { TempDirectory } from '../temp-directory.ts';
import { OverlayRoot } from './overlay-root.ts';

const ROLES = fileURLToPath(new URL('../../packaging/ansible/roles', import.meta.url));
const TOKEN = `swenrol_0123456789abcdef_${'s'.repeat(43)}.${'p'.repeat(43)}`;
const SETTINGS = '/etc/sealwatch/agent.d/50-ansible.yml';
const FILE_SETTINGS = agentSettings().filter(({ isManagedOnly }) => !isManagedOnly);
/** Every setting by its variable, one of them null. */
const SITE = {
  ...Object.fromEntries(FILE_SETTINGS.map(({ key, example }) => [ansibleVariable(key), example])),
  sealwatch_agent_group: null,
  sealwatch_agent_enrolment_token: TOKEN,
  sealwatch_agent_trust_roots: [{ name: 'release.pub', key: 'ssh-ed25519 AAAA' }],
};

/**
 * A package of the real name, unit and config file, whose program does nothing: what the role does with a package does
 * not depend on the program, and building the real one takes minutes.
 */
function buildPackage(directory: TempDirectory, part: 'agent' | 'central'): string {
  const name = `sealwatch-${part}`;
  directory.write(
    `${part}/DEBIAN/control`,
    `Package: ${name}\nVersion: 0.0.1\nArchitecture: all\nMaintainer: test <test@example.invalid>\nDescription: test\n`,
  );
  directory.write(`${part}/DEBIAN/conffiles`, `/etc/sealwatch/${part}.yml\n`);
  directory.write(`${part}/etc/sealwatch/${part}.yml`, `state_dir: /var/lib/${name}\n`);
  directory.write(
    `${part}/usr/lib/systemd/system/${name}.service`,
    '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n',
  );
  const file = directory.at(`${name}.deb`);
  const built = spawnSync('dpkg-deb', ['--root-owner-group', '--build', directory.at(part), file]);
  assert.equal(built.status, 0, String(built.stderr));
  return file;
}

interface Play {
  readonly changed: number;
  readonly failed: number;
  readonly text: string;
}

/** A control node and a managed host in one: this machine, with a layer over it. */
class ManagedHost {
  readonly #root: OverlayRoot;

  constructor(root: OverlayRoot, packages: readonly string[]) {
    this.#root = root;
    cpSync(ROLES, root.at('/tmp/roles'), { recursive: true });
    for (const file of packages) cpSync(file, root.at(`/tmp/${basename(file)}`));
    writeFileSync(
      root.at('/tmp/inventory'),
      'host ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n',
    );
  }

  play(
    vars: Readonly<Record<string, unknown>>,
    {
      role = 'sealwatch_agent',
      flags = [],
    }: { readonly role?: string; readonly flags?: readonly string[] } = {},
  ): Play {
    const play = [{ hosts: 'all', gather_facts: false, roles: [role], vars }];
    writeFileSync(this.#root.at('/tmp/play.yml'), JSON.stringify(play));
    const { text } = this.#root.run(
      ['ansible-playbook', '-i', '/tmp/inventory', '-v', '--diff', ...flags, '/tmp/play.yml'],
      // No systemd runs in the layer: units are enabled there, and what would start them says so.
      { ANSIBLE_ROLES_PATH: '/tmp/roles', ANSIBLE_PIPELINING: '1', HOME: '/tmp', SYSTEMD_OFFLINE: '1' },
    );
    const [, changed = '-1', failed = '-1'] = /changed=(\d+).*failed=(\d+)/.exec(text) ?? [];
    return { changed: Number(changed), failed: Number(failed), text };
  }

  has(path: string): boolean {
    return lstatSync(this.#root.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  read(path: string): string {
    return readFileSync(this.#root.at(path), 'utf8');
  }

  mode(path: string): number {
    return statSync(this.#root.at(path)).mode & 0o777;
  }

  isInstalled(name = 'sealwatch-agent'): boolean {
    const { text } = this.#root.run(['dpkg-query', '--list', name]);
    return /^ii /m.test(text);
  }
}

function settingOf(config: object, key: string): unknown {
  return key.split('.').reduce<unknown>((here, name) => Reflect.get(Object(here), name), config);
}

function missing(): string | null {
  if (process.getuid?.() !== 0) return 'only root can mount a layer over the file system';
  if (!haveProgram('dpkg-deb', 'dpkg')) return 'dpkg-deb is missing';
  return haveProgram('ansible-playbook', 'ansible-core') ? null : 'ansible-core cannot be installed';
}

test('the roles install and set up once, and remove again', {
  timeout: 900_000,
}, async (context) => {
  const reason = missing();
  if (reason !== null) return context.skip(reason);
  using directory = new TempDirectory();
  const packages = [buildPackage(directory, 'agent'), buildPackage(directory, 'central')];
  using root = await OverlayRoot.mount();
  if (root === null) return context.skip('this kernel or container lets nobody mount an overlay');
  const host = new ManagedHost(root, packages);
  const site = { ...SITE, sealwatch_agent_package: '/tmp/sealwatch-agent.deb' };

  await context.test('check mode changes nothing', () => {
    const { failed, changed, text } = host.play(site, { flags: ['--check'] });
    assert.equal(failed, 0, text);
    assert.ok(changed > 0, text);
    assert.deepEqual(
      [host.has('/etc/sealwatch'), host.has('/var/cache/sealwatch'), host.isInstalled()],
      [false, false, false],
    );
  });

  await context.test('the first run installs, and tells no secret', () => {
    const { failed, changed, text } = host.play(site);
    assert.equal(failed, 0, text);
    assert.ok(changed > 0, text);
    assert.ok(host.isInstalled());
    assert.ok(!text.includes(TOKEN), 'the token is told');
    assert.equal(host.read('/etc/sealwatch/enrolment-token'), `${TOKEN}\n`);
    assert.equal(host.mode('/etc/sealwatch/enrolment-token'), 0o600);
    assert.equal(host.mode(SETTINGS), 0o644);
    assert.equal(host.read('/etc/sealwatch/trust/release.pub'), 'ssh-ed25519 AAAA\n');
    assert.ok(
      host.has('/etc/systemd/system/multi-user.target.wants/sealwatch-agent.service'),
      'the unit is not enabled',
    );
  });

  await context.test('the agent takes every setting as it was written', () => {
    using copy = new TempDirectory();
    copy.write('agent.d/50-ansible.yml', host.read(SETTINGS));
    const config = loadConfig(copy.write('agent.yml', host.read('/etc/sealwatch/agent.yml')), null);
    for (const { key, example } of FILE_SETTINGS)
      assert.deepEqual(settingOf(config, key), key === 'group' ? null : example, key);
  });

  await context.test('a second run changes nothing', () => {
    const again = host.play(site);
    assert.deepEqual([again.failed, again.changed], [0, 0], again.text);
  });

  await context.test('a value that the agent would refuse is refused', () => {
    const wrong = host.play({ ...site, sealwatch_agent_profile: 'loud' });
    assert.equal(wrong.failed, 1, wrong.text);
    assert.match(wrong.text, /sealwatch_agent_profile/);
  });

  await context.test('a package from the network needs a hash', () => {
    const { failed, text } = host.play({
      ...site,
      sealwatch_agent_package: 'https://example.invalid/sealwatch-agent.deb',
    });
    assert.equal(failed, 1, text);
    assert.match(text, /needs its SHA-256/);
  });

  await context.test('central is installed by a role of its own, with the config that it is given', () => {
    const role = 'sealwatch_central';
    const given = {
      sealwatch_central_package: '/tmp/sealwatch-central.deb',
      sealwatch_central_config: { state_dir: '/var/lib/sealwatch-central', names: ['central.example'] },
    };
    const first = host.play(given, { role });
    assert.equal(first.failed, 0, first.text);
    using copy = new TempDirectory();
    const file = copy.write('central.yml', host.read('/etc/sealwatch/central.yml'));
    assert.deepEqual(loadCentralConfig(file).names, ['central.example']);
    const again = host.play(given, { role });
    assert.deepEqual([again.failed, again.changed], [0, 0], again.text);
    const gone = host.play({ ...given, sealwatch_central_state: 'absent' }, { role });
    assert.equal(gone.failed, 0, gone.text);
    assert.deepEqual(
      [host.isInstalled('sealwatch-central'), host.has('/etc/sealwatch/central.yml'), host.isInstalled()],
      [false, false, true],
    );
  });

  await context.test('removal takes what the role wrote, and purging the rest', () => {
    const gone = host.play({ sealwatch_agent_state: 'absent' });
    assert.equal(gone.failed, 0, gone.text);
    assert.deepEqual(
      [
        host.isInstalled(),
        host.has(SETTINGS),
        host.has('/etc/sealwatch/enrolment-token'),
        host.has('/etc/sealwatch/trust/release.pub'),
      ],
      [false, false, false, true],
    );
    // All that is left to change is one loop over what only purging takes.
    const purged = host.play({ sealwatch_agent_state: 'absent', sealwatch_agent_purge: true });
    assert.deepEqual([purged.failed, purged.changed], [0, 1], purged.text);
    assert.ok(!host.has('/etc/sealwatch/trust'));
  });
});
