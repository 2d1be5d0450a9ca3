import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../../agent/errors.ts';
import { PackShelf } from '../../../agent/rules/pack-shelf.ts';
import { type RuleConfig, RuleWatch } from '../../../agent/rules/rule-watch.ts';
import { RuleBook, type RuleEdition, type RuleFault } from '../../../agent/rules/rulebook.ts';
import type { RuleSettings } from '../../../agent/rules/settings.ts';
import type { WatchRequest } from '../../../collectors/file/watch-plan.ts';
import type { EventSink } from '../../../collectors/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { rule, SpokenLog, settings, signedPack, trustedKey } from './samples.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const DAY_MS = 24 * 3_600_000;
const SETTLE_MS = 500;
const LOOK_MS = 10_000;
/** No moment at which the files are looked at. */
const END_MS = DAY_MS + 1_234;

/** Rules under watch; what a file watcher would tell is told by hand. */
class Watched {
  readonly directory = new TempDirectory();
  readonly log = new SpokenLog();
  readonly editions: RuleEdition[] = [];
  readonly faults: RuleFault[] = [];
  readonly requests: WatchRequest[] = [];
  readonly watch: RuleWatch;
  #sink: EventSink = () => {};

  constructor(
    context: TestContext,
    of: (directory: TempDirectory) => Partial<RuleSettings>,
    config?: RuleConfig['read'],
  ) {
    context.after(async () => {
      await this.watch.stop();
      this.directory[Symbol.dispose]();
    });
    this.directory.write('builtin/own.yml', rule('own', 'own'));
    this.directory.write('rules/a.yml', rule('a', 'x'));
    const wanted = of(this.directory);
    const meta = new Map<string, string>();
    const shelf = new PackShelf({
      stateDir: this.directory.at('state'),
      systemTrust: null,
      stance: { profile: 'developer' },
      meta: { get: (key) => meta.get(key) ?? null, set: (key, value) => void meta.set(key, value) },
    });
    this.watch = new RuleWatch({
      book: new RuleBook({ builtin: [this.directory.at('builtin')], shelf }),
      settings: settings(wanted),
      config:
        config === undefined
          ? null
          : { paths: [this.directory.write('agent.yml', ''), this.directory.at('agent.d')], read: config },
      watcher: {
        start: async (sink) => {
          this.#sink = sink;
        },
        watch: async (request) => void this.requests.push(request),
        stop: async () => {},
      },
      onEdition: (edition, faults) => {
        this.editions.push(edition);
        this.faults.push(...faults);
      },
      log: this.log,
    });
  }

  touched(): void {
    this.#sink({
      kind: 'path_change',
      time: Date.now(),
      path: this.directory.at('rules/a.yml'),
      change: 'update',
    });
  }

  /** Names of the rules in force. */
  get names(): readonly string[] {
    return this.watch.edition.set.rules.map(({ name }) => name).sort();
  }
}

function mockTime(context: TestContext): void {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: NOW });
}

const rulesOf = (directory: TempDirectory) => ({ rules: [directory.at('rules')] });
const endingAt = (time: number): Partial<RuleSettings> => ({
  rule_changes: [{ rule: 'own', level: 'low', until: new Date(time).toISOString(), reason: 'trial' }],
});

test('changes made together are taken together, and a touch that changes nothing is none', async (context) => {
  mockTime(context);
  const watched = new Watched(context, rulesOf);
  await watched.watch.start();
  watched.touched();
  context.mock.timers.tick(SETTLE_MS);
  assert.equal(watched.editions.length, 0);
  watched.directory.write('rules/b.yml', rule('b', 'x'));
  watched.touched();
  context.mock.timers.tick(SETTLE_MS - 1);
  watched.directory.write('rules/c.yml', rule('c', 'x'));
  watched.touched();
  assert.deepEqual(watched.names, ['a', 'own']);
  context.mock.timers.tick(1);
  assert.deepEqual([watched.names, watched.editions.length], [['a', 'b', 'c', 'own'], 1]);
});

test('what the watcher does not tell is found by the look at the files', async (context) => {
  mockTime(context);
  const watched = new Watched(context, rulesOf);
  await watched.watch.start();
  watched.directory.write('rules/b.yml', rule('b', 'x'));
  context.mock.timers.tick(LOOK_MS);
  assert.deepEqual([watched.names, watched.editions.length], [['a', 'b', 'own'], 1]);
  context.mock.timers.tick(10 * LOOK_MS);
  assert.equal(watched.editions.length, 1);
});

test('a change of the config ends at its moment, though nothing else happens, and is logged before and after', async (context) => {
  mockTime(context);
  const watched = new Watched(context, () => endingAt(NOW + END_MS));
  await watched.watch.start();
  const level = () => watched.watch.edition.set.rules[0]?.level;
  assert.equal(watched.log.count('ends soon'), 1);
  context.mock.timers.tick(END_MS - 1);
  assert.deepEqual([level(), watched.editions.length, watched.log.count('has ended')], ['low', 0, 0]);
  context.mock.timers.tick(1);
  assert.deepEqual([level(), watched.editions.length, watched.log.count('has ended')], ['medium', 1, 1]);
  watched.watch.reload();
  assert.deepEqual([watched.log.count('ends soon'), watched.log.count('has ended')], [1, 1]);
});

test('an end that is further away than a timer can wait is kept too', async (context) => {
  mockTime(context);
  const watched = new Watched(context, () => endingAt(NOW + 40 * DAY_MS));
  await watched.watch.start();
  assert.equal(watched.log.count('ends soon'), 0);
  for (let day = 0; day < 39; day += 1) context.mock.timers.tick(DAY_MS);
  context.mock.timers.tick(DAY_MS - 1);
  assert.equal(watched.editions.length, 0);
  context.mock.timers.tick(1);
  assert.equal(watched.editions.length, 1);
});

test('no timer is asked to wait longer than it can', async (context) => {
  const warnings: string[] = [];
  const hear = ({ name }: Error) => warnings.push(name);
  process.on('warning', hear);
  context.after(() => process.off('warning', hear));
  const watched = new Watched(context, () => endingAt(Date.now() + 40 * DAY_MS));
  await watched.watch.start();
  await sleep(10);
  assert.deepEqual(warnings, []);
});

test('what ended while the clock was set forward no longer counts at the next look', async (context) => {
  mockTime(context);
  const watched = new Watched(context, () => endingAt(NOW + 20 * DAY_MS));
  await watched.watch.start();
  context.mock.timers.setTime(NOW + 20 * DAY_MS);
  context.mock.timers.tick(LOOK_MS);
  assert.equal(watched.watch.edition.tuning.ended.length, 1);
});

test('a reload that leaves no rule leaves those before in force, and says so', async (context) => {
  mockTime(context);
  const watched = new Watched(context, (directory) => {
    rmSync(directory.at('builtin/own.yml'));
    return rulesOf(directory);
  });
  await watched.watch.start();
  rmSync(watched.directory.at('rules/a.yml'));
  watched.watch.reload();
  assert.deepEqual([watched.names, watched.editions.length], [['a'], 0]);
  assert.equal(watched.log.count('those before stay in force'), 1);
});

test('that the last good version of a file stays is logged once', async (context) => {
  mockTime(context);
  const watched = new Watched(context, rulesOf);
  await watched.watch.start();
  watched.directory.write('rules/a.yml', 'title: [\n');
  for (let round = 0; round < 2; round += 1) watched.watch.reload();
  assert.deepEqual(watched.names, ['a', 'own']);
  assert.deepEqual(
    [watched.log.count('last good version stays'), watched.log.count('RULE_YAML_INVALID')],
    [1, 1],
  );
});

test('a directory of fragments that comes later is read, and from then on watched', async (context) => {
  mockTime(context);
  let reads = 0;
  const watched = new Watched(context, rulesOf, () => {
    reads += 1;
    return { settings: settings(), restart: [] };
  });
  await watched.watch.start();
  context.mock.timers.tick(LOOK_MS);
  assert.equal(reads, 0);
  watched.directory.write('agent.d/50-site.yml', 'rules: []');
  context.mock.timers.tick(LOOK_MS);
  assert.equal(reads, 1);
  assert.deepEqual(watched.requests.at(-1)?.trees, [watched.directory.at('agent.d')]);
});

test('the settings of rules are read again, others are told to need a restart, a broken config is not taken', async (context) => {
  mockTime(context);
  let read: RuleConfig['read'] = () => ({ settings: settings(), restart: ['profile'] });
  const watched = new Watched(context, rulesOf, () => read());
  await watched.watch.start();
  watched.watch.reload();
  watched.watch.reload();
  assert.deepEqual([watched.names, watched.log.count('only after a restart')], [['own'], 1]);
  read = () => {
    throw new AgentError('AGENT_CONFIG_INVALID', 'no config');
  };
  watched.watch.reload();
  assert.deepEqual([watched.names, watched.log.count('no config')], [['own'], 1]);
  const { directory } = watched;
  read = () => ({
    settings: settings({ rules: [directory.at('rules/a.yml')], rule_scope: 'host' }),
    restart: [],
  });
  directory.write('agent.yml', '# touched');
  context.mock.timers.tick(LOOK_MS);
  assert.deepEqual(watched.names, ['a', 'own']);
  const files = [directory.at('rules/a.yml'), directory.at('agent.yml'), directory.at('agent.d')];
  assert.deepEqual(watched.requests.at(-1), { files, trees: [] });
});

test('the scope is that of the start until the next one', async (context) => {
  const source = { category: 'process_creation', product: 'linux' } as const;
  const outside = { fields: { F: 'x', 'mcp.in_subtree': false }, logsource: source };
  const read = () => ({
    settings: settings({ rule_scope: 'host', rules: [watched.directory.at('rules')] }),
    restart: ['rule_scope'],
  });
  const watched: Watched = new Watched(context, rulesOf, read);
  watched.directory.write(
    'rules/a.yml',
    rule('a', 'x', 'logsource: {category: process_creation, product: linux}\n'),
  );
  watched.watch.reload();
  assert.deepEqual(watched.watch.edition.set.match(outside), []);
  const inside = { fields: { F: 'x', 'mcp.in_subtree': true }, logsource: source };
  assert.equal(watched.watch.edition.set.match(inside).length, 1);
});

test('why a pack is not taken is told once, and again where it is another reason', async (context) => {
  mockTime(context);
  const watched = new Watched(context, (directory) => ({ rule_pack: directory.at('pack') }));
  const key = trustedKey(watched.directory.at('state'));
  await watched.watch.start();
  assert.deepEqual(
    watched.watch.edition.packFaults.map(({ code }) => code),
    ['AGENT_RULE_PACK_UNREADABLE'],
  );
  watched.watch.reload();
  assert.deepEqual([watched.faults, watched.log.count('rule pack refused')], [[], 1]);
  watched.directory.write('pack', 'x');
  context.mock.timers.tick(LOOK_MS);
  assert.deepEqual(
    watched.faults.map(({ code }) => code),
    ['APPROVAL_NOT_JSON'],
  );
  watched.directory.write('pack', await signedPack(key, 1, { 'n.yml': rule('n', 'x') }));
  context.mock.timers.tick(LOOK_MS);
  assert.deepEqual([watched.names, watched.faults.length], [['n', 'own'], 1]);
});
