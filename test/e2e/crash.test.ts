import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert } from '../../wire/index.ts';
import { freePortPair } from '../free-port.ts';
import { between, randomOf } from '../random.ts';
import { allAlerts, Host, type Program, until } from './host.ts';

const SERVERS = 12;
const HELPERS = ['a.mjs', 'b.mjs', 'c.mjs'];
const KILLS = 8;
/** The share of kills that do not wait for the program to be ready. */
const EARLY = 0.4;
/** The share of kills that come right behind a write to the database, where what belongs together could be torn. */
const AT_WRITE = 0.6;
const QUIET_MS = 500;
/** Milliseconds from the start, or from being ready, to the kill. */
const LIFE_MS = { least: 20, most: 700 };
/** The agent doubles the time between its tries while central is gone, so its last wait is as long as the test was. */
const CATCH_UP_MS = 40_000;
const DOWN_MS = { least: 0, most: 250 };
const REWRITE_MS = { least: 10, most: 50 };

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Servers that import helpers of their own, and what goes on rewriting both. */
class Servers {
  readonly #random: () => number;
  readonly #approved = new Map<string, string>();
  readonly names = Array.from({ length: SERVERS }, (_, index) => `p${index}`);
  #version = 0;

  constructor(host: Host, random: () => number) {
    this.#random = random;
    for (const name of this.names) {
      for (const file of [...HELPERS, 'server.mjs']) {
        const path = host.write(`${name}/${file}`, this.#content(file));
        this.#approved.set(path, digestOf(path));
      }
    }
    const entry = (name: string) => ({ command: 'node', args: [host.at(name, 'server.mjs')] });
    host.writeConfig('.cursor/mcp.json', Object.fromEntries(this.names.map((name) => [name, entry(name)])));
  }

  /** Files with the digests that were approved. */
  get approved(): ReadonlyMap<string, string> {
    return this.#approved;
  }

  get rewrites(): number {
    return this.#version - this.#approved.size;
  }

  #content(file: string): string {
    this.#version += 1;
    const imports = file === 'server.mjs' ? HELPERS.map((helper) => `import './${helper}';\n`).join('') : '';
    return `${imports}export const version = ${this.#version};\n`;
  }

  /** A helper is written in place; a script is replaced, for while it is empty its helpers are not its own. */
  #rewrite(): void {
    const paths = [...this.#approved.keys()];
    const path = paths[Math.floor(this.#random() * paths.length)] ?? '';
    if (!path.endsWith('server.mjs')) {
      writeFileSync(path, this.#content('helper'));
      return;
    }
    writeFileSync(`${path}.new`, this.#content('server.mjs'));
    renameSync(`${path}.new`, path);
  }

  /** Rewrites until the answer is called. */
  start(): () => Promise<void> {
    let stopped = false;
    const run = async () => {
      while (!stopped) {
        this.#rewrite();
        await sleep(between(REWRITE_MS, this.#random));
      }
    };
    const running = run();
    return () => {
      stopped = true;
      return running;
    };
  }
}

/** Resolves at the next write to a database, or after a while without one. */
async function nextWrite(database: string): Promise<void> {
  const log = `${database}-wal`;
  if (!existsSync(log)) return;
  const watcher = watch(log);
  await Promise.race([once(watcher, 'change'), sleep(QUIET_MS)]);
  watcher.close();
}

/** Kills a program again and again, starts it again each time, and leaves it running. */
async function killAgain(
  first: Program,
  start: () => Program,
  database: string,
  random: () => number,
  before: (pid: number) => void = () => {},
): Promise<Program> {
  let program = first;
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Some die while they start; the others live long enough for something to flow.
    if (random() > EARLY) await program.ready();
    await sleep(between(LIFE_MS, random));
    if (random() < AT_WRITE) await nextWrite(database);
    assert.equal(program.end, null, `it ran until it was killed:\n${program.words.join('\n')}`);
    before(program.pid);
    await program.kill();
    await sleep(between(DOWN_MS, random));
    program = start();
  }
  return program.ready();
}

function childrenOf(pid: number): readonly number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number);
}

function isSensor(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sealwatch-senso');
  } catch {
    return false;
  }
}

function changesOf(alerts: readonly Alert[]): ReadonlyMap<string, readonly NonNullable<Alert['change']>[]> {
  const changes = new Map<string, NonNullable<Alert['change']>[]>();
  for (const { rule, change } of alerts) {
    if (rule.name !== 'mcp_closure_changed' || change === null) continue;
    changes.set(change.artefact.path, [...(changes.get(change.artefact.path) ?? []), change]);
  }
  return changes;
}

/** Whether the last change of every file is what lies on the disk. */
function isComplete(servers: Servers, alerts: readonly Alert[]): boolean {
  const changes = changesOf(alerts);
  return [...servers.approved].every(
    ([path, approved]) => (changes.get(path)?.at(-1)?.after ?? approved) === digestOf(path),
  );
}

/** Each file's changes link up from what was approved to what lies on the disk: none is lost, none told twice. */
function assertChains(servers: Servers, alerts: readonly Alert[]): void {
  const changes = changesOf(alerts);
  assert.deepEqual(
    [...changes.keys()].filter((path) => !servers.approved.has(path)),
    [],
  );
  for (const [path, approved] of servers.approved) {
    let digest: string | null = approved;
    for (const change of changes.get(path) ?? []) {
      assert.equal(change.before, digest, `a change of ${path} follows the one before`);
      digest = change.after;
    }
    assert.equal(digest, digestOf(path), `the last change of ${path} is told`);
  }
}

interface Scene {
  readonly host: Host;
  readonly servers: Servers;
  readonly random: () => number;
  readonly port: number;
  readonly central: Program;
  readonly agent: Program;
}

/** Central and feed hold every alert of the agent once (the feed: at least once), and no change is missing. */
async function assertOnce(context: TestContext, { host, servers }: Scene, url: string): Promise<void> {
  let waiting = -1;
  await until(
    () => `every alert at central; ${waiting} wait in the spool`,
    async () => {
      waiting = (await host.status()).central.waiting;
      return waiting === 0 && isComplete(servers, await allAlerts(url));
    },
    CATCH_UP_MS,
  );
  const alerts = await allAlerts(url);
  const { central } = await host.status();
  assert.equal(central.waiting, 0);
  const seqs = alerts.map(({ seq }) => seq).sort((a, b) => a - b);
  assert.deepEqual(
    seqs,
    Array.from({ length: central.last_seq }, (_, index) => index + 1),
    'each seq is there once',
  );
  const stored = new Set(alerts.map(({ id }) => id));
  assert.equal(stored.size, alerts.length, 'no id is there twice');
  assertChains(servers, alerts);
  await until('every alert in the feed', () => new Set(host.fed()).size >= stored.size);
  const fed = host.fed();
  assert.deepEqual(new Set(fed), stored);
  context.diagnostic(
    `${servers.rewrites} rewrites, ${alerts.length} alerts, ${fed.length - alerts.length} doubled in the feed`,
  );
}

/** All servers approved, central and agent running, nothing told yet. */
async function prepare(context: TestContext): Promise<Scene> {
  const seed = Number(process.env['SEALWATCH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  context.diagnostic(`SEALWATCH_SEED=${seed}`);
  const random = randomOf(seed);
  const host = new Host(context);
  const servers = new Servers(host, random);
  await host.approve(...servers.names.map((name) => `cursor/${name}`));
  const port = await freePortPair();
  const central = await host.central(port).ready();
  const agent = await host.agent(port).ready();
  assert.deepEqual((await host.status()).servers, { approved: SERVERS });
  return { host, servers, random, port, central, agent };
}

test('what is killed while alerts flow, and started again, loses nothing and tells nothing twice', async (context) => {
  const scene = await prepare(context);
  const { host, servers, port } = scene;
  let { central, agent } = scene;
  await context.test(`central killed ${KILLS} times: every alert arrives once`, async (part) => {
    const stop = servers.start();
    central = await killAgain(
      central,
      () => host.central(port),
      join(host.stateDir, 'central.db'),
      scene.random,
    );
    await stop();
    await assertOnce(part, scene, central.url);
  });
  await context.test(`the agent killed ${KILLS} times: every change arrives once`, async (part) => {
    const sensors = new Set<number>();
    const stop = servers.start();
    agent = await killAgain(
      agent,
      () => host.agent(port),
      join(host.stateDir, 'agent.db'),
      scene.random,
      (pid) => {
        for (const child of childrenOf(pid).filter(isSensor)) sensors.add(child);
      },
    );
    await stop();
    await assertOnce(part, scene, central.url);
    part.diagnostic(`${sensors.size} sensors lost their agent`);
    await until(
      () => `the end of the sensors ${[...sensors].filter(isSensor).join(', ')} of killed agents`,
      () => ![...sensors].some(isSensor),
    );
  });
  assert.equal((await agent.stop('SIGTERM')).code, 0);
  assert.equal((await central.stop('SIGTERM')).code, 0);
});
