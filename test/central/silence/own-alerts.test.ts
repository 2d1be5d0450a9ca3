import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OwnAlerts, type OwnEvent, readOwnRules } from '../../../central/silence/own-alerts.ts';
import { openStore } from '../../../central/store/store.ts';
import type { Alert } from '../../../wire/index.ts';
import { connect, get, keptLog, startCentral, until, workDirectory } from '../bench.ts';

const RULES = fileURLToPath(new URL('../../../rules/mcp', import.meta.url));
const event = (name: string, more: Partial<OwnEvent> = {}): OwnEvent => ({
  fields: { 'agent.event': name },
  host: 'h',
  count: 1,
  time: Date.UTC(2026, 10, 28),
  ...more,
});

async function opened(context: TestContext, fails: () => boolean) {
  const store = await openStore(join(workDirectory(context), 'central.db'));
  const log = keptLog();
  const stored: Alert[] = [];
  const own = await OwnAlerts.open({
    store,
    intake: {
      store: (_agent, alerts) => {
        if (fails()) return Promise.reject(new Error('disk'));
        stored.push(...alerts);
        return Promise.resolve(alerts.at(-1)?.seq ?? 0);
      },
    },
    rules: readOwnRules(RULES, log),
    log,
    clock: Date.now,
    self: { host: 'c', os: 'o', version: 'v' },
    node: 'central',
  });
  context.after(async () => {
    await own.stop();
    await store.close();
  });
  return { own, stored, log };
}

test('what cannot be stored waits, and goes on in order', async (context) => {
  let isFull = true;
  const { own, stored } = await opened(context, () => isFull);
  own.raise(event('silent'));
  own.raise(event('silent', { count: 2 }));
  await own.idle();
  assert.equal(stored.length, 0);
  isFull = false;
  own.raise(event('returned'));
  await until(() => stored.length === 3);
  assert.deepEqual(
    stored.map((alert) => [alert.seq, alert.count, alert.rule.name]),
    [
      [1, 1, 'agent_silent'],
      [2, 2, 'agent_silent'],
      [3, 1, 'agent_returned'],
    ],
  );
});

test('of too many that wait the oldest are given up, and that is logged', async (context) => {
  let isFull = true;
  const { own, stored, log } = await opened(context, () => isFull);
  for (let number = 1; number <= 1_005; number += 1) own.raise(event('silent', { count: number }));
  await own.idle();
  isFull = false;
  await own.stop();
  assert.deepEqual([stored.length, stored[0]?.count], [1_000, 6]);
  assert.ok(log.lines.some((line) => line.startsWith('error alerts of central were given up')));
});

test('an event that no rule speaks of is logged, and raises nothing', async (context) => {
  const { own, stored, log } = await opened(context, () => false);
  own.raise(event('unheard_of'));
  await own.idle();
  assert.deepEqual(stored, []);
  assert.ok(log.lines.some((line) => line.includes('unheard_of')));
});

test('a rule of the pack that does not load is told, the others hold', (context) => {
  const directory = workDirectory(context);
  writeFileSync(join(directory, 'agent_broken.yml'), 'title: x\n');
  writeFileSync(join(directory, 'mcp_other.yml'), 'not read');
  const log = keptLog();
  assert.equal(readOwnRules(directory, log).rules.length, 0);
  assert.equal(log.lines.length, 1);
});

test('a silent agent is an alert like all others; central is no host of the fleet', async (context) => {
  const told: string[] = [];
  const central = await startCentral(context, workDirectory(context), {
    rulesDirectory: RULES,
    silence: { silent_after_ms: 200 },
    onAlert: (alert) => told.push(alert.rule.name),
  });
  const { link } = await connect(context, central);
  link.socket.terminate();
  await until(() => told.length === 1);
  const { body } = await get(central, '/api/v1/alerts?name=agent_silent');
  assert.deepEqual([body.alerts.length, body.alerts[0].host], [1, 'build-7']);
  const { body: fleet } = await get(central, '/api/v1/hosts');
  assert.deepEqual(
    fleet.hosts.map(({ state }: { state: string }) => state),
    ['silent'],
  );
  await connect(context, central);
  await until(() => told.length === 2);
  assert.deepEqual(told, ['agent_silent', 'agent_returned']);
});
