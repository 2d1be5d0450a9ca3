import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AgentStatus } from '../../agent/index.ts';
import { signedPack, trustedKey } from '../agent/rules/samples.ts';
import { freePortPair } from '../free-port.ts';
import { allAlerts, Host, type Program, until } from './host.ts';

const PATIENCE = { timeout: 180_000 };

const rule = (name: string, fields: Readonly<Record<string, string>>) =>
  JSON.stringify({
    title: name,
    name,
    logsource: {},
    detection: { selection: fields, condition: 'selection' },
  });
const ADDED = { 'mcp.change': 'server_added' };

/** An agent with a directory of rules of its own, to which servers are added. */
class Reloaded {
  readonly host: Host;
  readonly #servers: Record<string, { command: string }> = {};
  #url = '';
  #agent: Program | null = null;

  constructor(context: TestContext) {
    this.host = new Host(context);
    this.host.makeDirectory(join(this.host.directory, 'rules'));
    this.host.writeConfig('.cursor/mcp.json', this.#servers);
  }

  async start(): Promise<void> {
    const port = await freePortPair();
    const central = await this.host.central(port).ready();
    this.#url = central.url;
    this.#agent = await this.host.agent(port, { rules: [this.at('rules')], sensor: 'off' }).ready();
  }

  /** Ends the agent and starts it anew, with a config that says this beside. */
  async restart(more: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#agent?.stop();
    const settings = { rules: [this.at('rules')], sensor: 'off', ...more };
    this.#agent = await this.host.agent(Number(new URL(this.#url).port), settings).ready();
  }

  at(...parts: string[]): string {
    return join(this.host.directory, ...parts);
  }

  /** Puts a file in its place at once, as editors and tools of management do. */
  put(text: string, ...parts: string[]): void {
    writeFileSync(this.at('new'), text, { mode: 0o600 });
    renameSync(this.at('new'), this.at(...parts));
  }

  configure(more: Readonly<Record<string, unknown>>): void {
    const config = JSON.parse(readFileSync(this.host.agentConfig(), 'utf8'));
    this.put(JSON.stringify({ ...config, ...more }), basename(this.host.agentConfig()));
  }

  /** Waits until the agent says this of its rules. */
  rules(what: string, fits: (rules: AgentStatus['rules']) => boolean): Promise<AgentStatus['rules']> {
    return until(what, async () => {
      const { rules } = await this.host.status();
      return fits(rules) && rules;
    });
  }

  /** Adds a server; names of the alerts about it, once one with the given name came. */
  async add(name: string, awaited: string): Promise<readonly string[]> {
    this.#servers[name] = { command: `/usr/bin/${name}` };
    this.host.writeConfig('.cursor/mcp.json', this.#servers);
    return this.alerts(awaited, (event) => event['mcp.server'] === name);
  }

  async alerts(
    awaited: string,
    fits: (event: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<readonly string[]> {
    return until(`the alert ${awaited}`, async () => {
      const alerts = (await allAlerts(this.#url)).filter(({ event }) => fits(event));
      const names = alerts.map(({ rule: { name } }) => name);
      return names.includes(awaited) && names;
    });
  }

  hangUp(): void {
    this.#agent?.signal('SIGHUP');
  }
}

test(
  'rules, exceptions and a signed pack are taken by a running agent, and what is broken is not',
  PATIENCE,
  async (context) => {
    const agent = new Reloaded(context);
    await agent.start();
    const first = await agent.rules('the rules of the start', ({ loaded }) => loaded > 0);
    assert.deepEqual([first.pack, first.pack_refused], [null, false]);

    agent.put(rule('mine', ADDED), 'rules', 'mine.yml');
    await agent.rules('one rule more', ({ loaded }) => loaded === first.loaded + 1);
    const before = await agent.add('one', 'mine');
    assert.ok(before.includes('mcp_server_added'));

    agent.put('title: [\n', 'rules', 'mine.yml');
    const broken = await agent.rules('a refusal', ({ refused }) => refused === first.refused + 1);
    assert.equal(broken.loaded, first.loaded + 1);
    await agent.add('two', 'mine');

    const filter = { filter: { rules: ['mine'], known: { 'mcp.server': 'three' }, condition: 'not known' } };
    agent.put(rule('mine', ADDED), 'rules', 'mine.yml');
    agent.put(rule('other', ADDED), 'rules', 'other.yml');
    agent.configure({
      rule_changes: [{ rule: 'mcp_server_added', disable: true, reason: 'test' }],
      exceptions: [{ filter, reason: 'test' }],
    });
    await agent.rules(
      'the other rule',
      ({ loaded, refused }) => loaded === first.loaded + 2 && refused === first.refused,
    );
    assert.deepEqual(await agent.add('three', 'other'), ['other']);
    agent.configure({ rule_changes: [], exceptions: [] });
    agent.hangUp();
    const { reloaded } = await agent.rules('the reload', (rules) => rules.reloaded > broken.reloaded);
    agent.hangUp();
    await agent.rules('another reload', (rules) => rules.reloaded > reloaded);
    assert.deepEqual((await agent.add('four', 'mine')).toSorted().slice(0, 2), ['mcp_server_added', 'mine']);
  },
);

test('an exception ends at its time in a running agent', PATIENCE, async (context) => {
  const agent = new Reloaded(context);
  agent.put(rule('mine', ADDED), 'rules', 'mine.yml');
  agent.put(rule('other', ADDED), 'rules', 'other.yml');
  await agent.start();
  const { loaded, reloaded } = await agent.rules('the rules', () => true);
  const end = new Date(Date.now() + 6_000).toISOString();
  agent.configure({ rule_changes: [{ rule: 'mine', disable: true, until: end, reason: 'test' }] });
  agent.hangUp();
  await agent.rules('the change', (rules) => rules.reloaded > reloaded);
  const names = await agent.add('one', 'other');
  if (Date.now() < Date.parse(end)) assert.ok(!names.includes('mine'));
  const ended = await agent.rules('the end', (rules) => rules.reloaded >= end);
  assert.equal(ended.loaded, loaded);
  await agent.add('two', 'mine');
});

test(
  'a signed pack is taken, one that was forged is told, and a restart goes on with the last good one',
  PATIENCE,
  async (context) => {
    const agent = new Reloaded(context);
    const key = trustedKey(agent.host.stateDir);
    agent.put(rule('refused', { 'agent.event': 'rules_refused' }), 'rules', 'refused.yml');
    agent.put(rule('reloaded', { 'agent.event': 'rules_reloaded' }), 'rules', 'reloaded.yml');
    await agent.start();
    const pack = await signedPack(key, 2, { 'signed.yml': rule('signed', ADDED) });
    agent.put(pack, 'pack.dsse.json');
    agent.configure({ rule_pack: agent.at('pack.dsse.json') });
    await agent.rules('the pack', (rules) => rules.pack?.version === 2);
    await agent.add('one', 'signed');
    await agent.alerts('reloaded', () => true);

    agent.put(await signedPack(key, 1, { 'signed.yml': rule('old', ADDED) }), 'pack.dsse.json');
    const refused = await agent.rules('the refusal', (rules) => rules.pack_refused);
    assert.deepEqual(refused.pack, { name: 'fleet', version: 2 });
    await agent.alerts('refused', (event) =>
      String(event['agent.detail']).includes('AGENT_RULE_PACK_ROLLED_BACK'),
    );
    assert.ok(!(await agent.add('two', 'signed')).includes('old'));
    await agent.restart({ rule_pack: agent.at('pack.dsse.json') });
    const after = await agent.rules('the rules', () => true);
    assert.deepEqual([after.pack, after.pack_refused], [{ name: 'fleet', version: 2 }, true]);
    await agent.add('three', 'signed');
  },
);
