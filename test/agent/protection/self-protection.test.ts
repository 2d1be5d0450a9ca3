import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Writer } from '../../../agent/enrich/file-actors.ts';
import type { Fact } from '../../../agent/fact.ts';
import type { OwnPlace } from '../../../agent/protection/own-files.ts';
import { SelfProtection } from '../../../agent/protection/self-protection.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { PackageMemory } from '../../../agent/state/known-package.ts';
import type { Health } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { CONTENTS, Installation, releaseKeyPair } from './installation.ts';

const key = releaseKeyPair();
const PATIENCE_MS = 10_000;

/** A host with an installation, a config and units, and what its agents tell. */
class Guarded {
  readonly directory = new TempDirectory();
  readonly install = new Installation(this.directory);
  readonly facts: Fact[] = [];
  health: Health | null = null;
  writer: Writer | null = null;
  readonly #database = openDatabase(this.directory.at('state'));
  readonly #memory = new PackageMemory(new Meta(this.#database));
  #protection: SelfProtection | null = null;

  constructor(context: TestContext) {
    this.directory.write('etc/agent.yml', 'state_dir: /x\n');
    this.directory.write('lib/agent.service', '[Unit]\n');
    context.after(async () => {
      await this.#protection?.stop();
      this.#database.close();
      this.directory[Symbol.dispose]();
    });
  }

  get #places(): readonly OwnPlace[] {
    const at = (...parts: string[]) => this.directory.at(...parts);
    return [
      { part: 'config', path: at('etc/agent.yml'), kind: 'file', isPackaged: false },
      { part: 'unit', path: at('lib/agent.service'), kind: 'file', isPackaged: true },
      { part: 'unit', path: at('etc/agent.service.d'), kind: 'directory', isPackaged: false },
      { part: 'state', path: at('state/agent.db'), kind: 'identity', isPackaged: false },
    ];
  }

  /** Starts an agent's protection and waits for its first check. */
  async start(pace?: number): Promise<SelfProtection> {
    this.health = null;
    const protection = new SelfProtection({
      place: { root: this.install.root, hostKey: '/nonexistent/release.pub' },
      places: this.#places,
      checkMs: 3_600_000,
      memory: this.#memory,
      writerOf: () => this.writer,
      writersTold: async () => {},
      onFacts: (facts, remember) => {
        this.facts.push(...facts);
        remember();
      },
      onHealth: (health) => {
        this.health = health;
      },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      settleMs: 50,
      ...(pace === undefined ? {} : { pace }),
    });
    this.#protection = protection;
    protection.start();
    if (pace === undefined) await this.until(() => this.health !== null);
    return protection;
  }

  async until(check: () => boolean): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; !check(); await sleep(10)) {
      if (Date.now() > end) throw new Error(`waited in vain; told: ${JSON.stringify(this.told)}`);
    }
  }

  /** What was told: event, part, files. */
  get told(): readonly unknown[] {
    return this.facts.map(({ fields }) =>
      ['agent.event', 'agent.part', 'agent.files'].map((name) => fields[name] ?? null),
    );
  }
}

async function packaged(context: TestContext): Promise<Guarded> {
  const host = new Guarded(context);
  await host.install.install('0.2.0', key);
  return host;
}

test('a checkout is degraded and raises nothing, and its files are not watched', async (context) => {
  const host = new Guarded(context);
  host.install.write('dist/bundle/start.js', 'x');
  const protection = await host.start();
  assert.deepEqual([host.health?.state, host.health?.detail], ['degraded', 'no manifest: a checkout']);
  assert.equal(protection.touched(host.install.at('dist/bundle/start.js')), false);
  assert.deepEqual(protection.watch.trees, []);
  assert.deepEqual(host.facts, []);
});

test('what is found at a start is told once, over restarts, and again when it changes; recovery is in the status', async (context) => {
  const host = await packaged(context);
  host.install.overwrite('dist/bundle/start.js', 'evil\n');
  host.install.write('rules/mcp/evil.yml', 'x');
  await host.start();
  const both = ['tampered', 'package', ['dist/bundle/start.js changed', 'rules/mcp/evil.yml foreign']];
  assert.deepEqual(host.told, [both]);
  assert.deepEqual(
    [host.health?.state, host.health?.detail],
    ['failed', 'dist/bundle/start.js changed and 1 more'],
  );
  await (await host.start()).stop();
  assert.deepEqual(host.told, [both]);
  host.install.remove('rules/mcp/evil.yml');
  await (await host.start()).stop();
  assert.deepEqual(host.told.slice(1), [['tampered', 'package', ['dist/bundle/start.js changed']]]);
  host.install.overwrite('dist/bundle/start.js', 'console.log(1);\n');
  await (await host.start()).stop();
  assert.equal(String(host.health?.state), 'ok');
  assert.match(host.health?.detail ?? '', /^sealwatch-agent 0\.2\.0: 6 files/);
  assert.equal(host.told.length, 2);
  host.install.overwrite('dist/bundle/start.js', 'evil\n');
  await host.start();
  assert.equal(host.told.length, 3, 'after a recovery the same is told again');
});

test('a change while the agent runs is told with who made it', async (context) => {
  const host = await packaged(context);
  const protection = await host.start();
  const actor = { pid: 7, exe: '/usr/bin/sed', cmdline: 'sed -i s/1/2/', in_subtree: false };
  host.writer = { time: Date.now(), start: 1, actor, user: 'root', ancestry: [], serverId: null };
  host.install.overwrite('dist/bundle/start.js', 'console.log(2);\n');
  assert.equal(protection.touched(host.install.at('dist/bundle/start.js')), true);
  await host.until(() => host.facts.length > 0);
  const [fact] = host.facts;
  assert.deepEqual(host.told, [['tampered', 'package', ['dist/bundle/start.js changed']]]);
  assert.equal(fact?.fields['TargetFilename'], host.install.at('dist/bundle/start.js'));
  assert.deepEqual([fact?.actor?.exe, fact?.fields['mcp.actor_user']], ['/usr/bin/sed', 'root']);
});

test('an upgrade by a package manager is no tampering, though it takes its time and brings units', async (context) => {
  const host = await packaged(context);
  const protection = await host.start();
  const next = CONTENTS.map(([path, content, may]) => [path, `${content}#2\n`, may] as const);
  for (const [path, content, executable] of next) {
    host.install.write(`${path}.dpkg-new`, content, executable);
    protection.touched(host.install.at(`${path}.dpkg-new`));
    renameSync(host.install.at(`${path}.dpkg-new`), host.install.at(path));
    await sleep(20);
  }
  host.directory.write('lib/agent.service', '[Unit]\nAfter=x\n');
  await host.install.install('0.3.0', key, next);
  protection.touched(host.install.at('manifest.dsse.json'));
  await host.until(() => host.facts.length > 0);
  assert.deepEqual(host.told, [['upgraded', null, [host.directory.at('lib/agent.service')]]]);
  const { fields } = host.facts[0] ?? assert.fail();
  assert.deepEqual([fields['agent.version_before'], fields['agent.version']], ['0.2.0', '0.3.0']);
  assert.match(host.health?.detail ?? '', /0\.3\.0/);
});

test('what changes while it is looked at is looked at again before anything is told', async (context) => {
  const host = new Guarded(context);
  const large = [...CONTENTS, ['runtime/large', 'x'.repeat(600_000), false]] as const;
  await host.install.install('0.2.0', key, large);
  await (await host.start()).stop();
  const next = large.map(([path, content, may]) => [path, `${content}#2\n`, may] as const);
  // Slow enough that the rest of the upgrade comes in the midst of the check.
  const protection = await host.start(1_000_000);
  for (const [path, content, executable] of next.slice(0, 3)) host.install.write(path, content, executable);
  protection.touched(host.install.at('bin/sealwatch'));
  await sleep(200);
  await host.install.install('0.3.0', key, next);
  protection.touched(host.install.at('manifest.dsse.json'));
  await host.until(() => host.facts.length > 0);
  assert.deepEqual(host.told, [['upgraded', null, []]]);
});

test('an upgrade while no agent ran is told at the next start, an older release as tampering', async (context) => {
  const host = await packaged(context);
  await (await host.start()).stop();
  await host.install.install('0.3.0', key);
  await (await host.start()).stop();
  await host.install.install('0.1.0', key);
  await (await host.start()).stop();
  await (await host.start()).stop();
  assert.deepEqual(host.told, [
    ['upgraded', null, []],
    ['tampered', 'package', null],
  ]);
  const { fields } = host.facts[1] ?? assert.fail();
  assert.deepEqual([fields['agent.version_before'], fields['agent.version']], ['0.3.0', '0.1.0']);
});

test('config, units and what is dropped in beside them are told while the agent runs', async (context) => {
  const host = await packaged(context);
  const protection = await host.start();
  const change = (path: string, content: string) => {
    host.directory.write(path, content);
    assert.equal(protection.touched(host.directory.at(path)), false);
  };
  change('etc/agent.yml', 'profile: developer\n');
  await host.until(() => host.facts.length === 1);
  change('etc/agent.service.d/x.conf', '[Service]\nExecStart=/bin/true\n');
  await host.until(() => host.facts.length === 2);
  change('lib/agent.service', '[Unit]\nDescription=other\n');
  await host.until(() => host.facts.length === 3);
  const at = (path: string) => host.directory.at(path);
  assert.deepEqual(host.told, [
    ['tampered', 'config', [`${at('etc/agent.yml')} changed`]],
    ['tampered', 'unit', [`${at('etc/agent.service.d')} added`, `${at('etc/agent.service.d/x.conf')} added`]],
    ['tampered', 'unit', [`${at('lib/agent.service')} changed`]],
  ]);
});

test('what was changed just before the agent stops is told, but for what may have come with a package', async (context) => {
  const host = await packaged(context);
  const protection = await host.start();
  host.directory.write('etc/agent.yml', 'profile: developer\n');
  host.directory.write('lib/agent.service', '[Unit]\nAfter=x\n');
  await host.install.install('0.3.0', key);
  for (const path of [host.directory.at('etc/agent.yml'), host.install.at('manifest.dsse.json')])
    protection.touched(path);
  await protection.stop();
  assert.deepEqual(host.told, [['tampered', 'config', [`${host.directory.at('etc/agent.yml')} changed`]]]);
  await host.start();
  assert.deepEqual(host.told.slice(1), [['upgraded', null, []]]);
});

test('a database that is replaced under the agent is told at the next look', async (context) => {
  const host = await packaged(context);
  const protection = await host.start();
  const path = host.directory.at('state/agent.db');
  assert.equal(protection.touched(path), false, 'what the agent writes itself is nothing to look at');
  renameSync(path, `${path}.kept`);
  host.directory.write('state/agent.db', 'another', 0o600);
  protection.touched(host.directory.at('etc/agent.yml'));
  await host.until(() => host.facts.length === 1);
  assert.deepEqual(host.told, [['tampered', 'state', [`${path} changed`]]]);
  rmSync(path);
  renameSync(`${path}.kept`, path);
});
