import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { AttackedServer, type Deed, type Doer } from './attacked-server.ts';

const SELF_REWRITE = 'mcp_self_rewrite';
const PERSISTENCE = 'mcp_persistence_write';
const TMPFS = 0x0102_1994; // include/uapi/linux/magic.h
const CONTENT = '// a helper of the server, with words enough to be cut and overwritten\n';
const built = (name: string) => (skip === false ? program(name) : '');
const [changer, ring] = [built('change-file'), built('ring-write')];

/** A way to change a file; `other` is a name in a directory that nobody watches. */
interface Way {
  readonly name: string;
  readonly deed: (file: string, other: string) => Deed;
  /** End of the writer's path. */
  readonly exe: RegExp;
}

const BY_PROGRAM: readonly Way[] = [
  'write',
  'mmap',
  'rename',
  'exchange',
  'hard-link',
  'link-over',
  'truncate',
  'proc',
  'copy_file_range',
  'sendfile',
  'splice',
  'directory',
  'punch-hole',
  'grandchild',
].map((way) => ({
  name: way,
  deed: (file, other) => ({ words: [changer, way, file, other] }),
  exe: /\/change-file$/,
}));

const BY_RING: readonly Way[] = ['inline', 'worker', 'thread'].map((way) => ({
  name: `io_uring-${way}`,
  deed: (file) => ({ words: [ring, way, file] }),
  exe: /\/ring-write$/,
}));

const q = JSON.stringify;
/** In the server's own process, which begins nothing. */
const BY_ITSELF: readonly Way[] = (
  [
    ['append', (file) => `appendFileSync(${q(file)}, '// changed')`],
    [
      'replace',
      (file, other) => `writeFileSync(${q(other)}, '// changed'); fs.renameSync(${q(other)}, ${q(file)})`,
    ],
    [
      'copy',
      (file, other) => `writeFileSync(${q(other)}, '// changed'); fs.copyFileSync(${q(other)}, ${q(file)})`,
    ],
    [
      'link',
      (file, other) =>
        `linkSync(${q(file)}, ${q(other)}); fs.appendFileSync(${q(other)}, '//'); fs.unlinkSync(${q(other)})`,
    ],
    ['cut', (file) => `truncateSync(${q(file)}, 3)`],
    ['descriptor', (file) => `appendFileSync('/proc/self/fd/' + fs.openSync(${q(file)}), '// changed')`],
    ['make-anew', (file) => `unlinkSync(${q(file)}); fs.writeFileSync(${q(file)}, '// changed')`],
  ] as const satisfies readonly (readonly [string, (file: string, other: string) => string])[]
).map(([name, code]) => ({
  name: `own-${name}`,
  deed: (file, other) => ({ code: `const fs = require('fs'); fs.${code(file, other)}` }),
  exe: /\/node$/,
}));

const WAYS = [...BY_PROGRAM, ...BY_RING, ...BY_ITSELF];
/** Of a process outside of every server, writes through other names and mappings are not told, only seen later. */
const TOLD_OF_STRANGERS = /stranger-(?:write|rename|proc|sendfile|own-append)\.js$/;
/** Deeper than what is watched of a package. */
const LATE = 'srv/lib/late.js';
const DEEP = 'srv/lib/a/b/c/d/e/f/g/h/deep.js';

const helper = (way: Way) => `srv/lib/${way.name}.js`;
const strangers = (way: Way) => `srv/lib/stranger-${way.name}.js`;
const startup = (way: Way) => `people/${way.name}/.bashrc`;

/** In the server's own process again, with what the config is to hold. */
const CONFIG_WAYS: Readonly<Record<string, (config: string, other: string, text: string) => string>> = {
  write: (config, _, text) => `require('fs').writeFileSync(${q(config)}, ${q(text)})`,
  rename: (config, other, text) =>
    `const fs = require('fs'); fs.writeFileSync(${q(other)}, ${q(text)}); fs.renameSync(${q(other)}, ${q(config)})`,
  link: (config, other, text) =>
    `const fs = require('fs'); fs.linkSync(${q(config)}, ${q(other)}); fs.writeFileSync(${q(other)}, ${q(text)})`,
};

function imported(paths: readonly string[]): string {
  return `\nfunction later() {\n${paths.map((path) => `  require('${path.replace(/^srv/, '.')}');`).join('\n')}\n}\n`;
}

describe('ways to change a file', { skip, timeout: 240_000 }, () => {
  let attacked: AttackedServer;
  let counted = 0;

  before(async () => {
    const helpers = [...WAYS.flatMap((way) => [helper(way), strangers(way)]), DEEP, LATE];
    const all = [...helpers, ...WAYS.map(startup)];
    const files = Object.fromEntries(all.map((path) => [path, CONTENT]));
    attacked = await AttackedServer.start({ files, imports: imported(helpers) });
  });
  after(() => attacked.stop());

  async function changes(doer: Doer, { deed }: Way, file: string) {
    const before = readFileSync(file, 'utf8');
    counted += 1;
    const done = await doer.does(deed(file, `${attacked.directory}/other-${counted}`));
    assert.equal(done.status, 0, done.errors);
    assert.notEqual(readFileSync(file, 'utf8'), before, 'the file has changed');
    return done;
  }

  for (const way of WAYS) {
    test(`${way.name}: what the server changes of itself is ${SELF_REWRITE}`, async () => {
      const path = attacked.host.at(helper(way));
      const { pid } = await changes(attacked.server, way, path);
      const alert = await attacked.alert(SELF_REWRITE, ({ event }) => event['TargetFilename'] === path);
      attacked.assertOwn(alert, { exe: way.exe, ...(way.name === 'grandchild' ? {} : { pid }) });
      assert.equal(alert.rule.level, 'critical');
      assert.equal(alert.event['mcp.actor_own_server'], true);
    });
  }

  for (const way of WAYS) {
    test(`${way.name}: a start-up file that the server changes is ${PERSISTENCE}`, async () => {
      const path = attacked.host.at(startup(way));
      const { pid } = await changes(attacked.server, way, path);
      const alert = await attacked.alert(PERSISTENCE, ({ event }) => event['TargetFilename'] === path);
      attacked.assertOwn(alert, { exe: way.exe, ...(way.name === 'grandchild' ? {} : { pid }) });
    });
  }

  for (const [way, code] of Object.entries(CONFIG_WAYS)) {
    test(`${way}: an entry that the server adds to a config is mcp_config_unexpected_writer`, async () => {
      const path = attacked.host.at('.cursor/mcp.json');
      const { mcpServers } = JSON.parse(readFileSync(path, 'utf8'));
      const added = `added-by-${way}`;
      const text = JSON.stringify({ mcpServers: { ...mcpServers, [added]: { command: 'true', args: [] } } });
      counted += 1;
      const done = await attacked.server.does({ code: code(path, `${attacked.directory}/${counted}`, text) });
      assert.equal(done.status, 0, done.errors);
      const alert = await attacked.alert(
        'mcp_config_unexpected_writer',
        ({ event, server }) => server?.name === added && event['mcp.change'] === 'server_added',
      );
      attacked.assertOwn(alert, { pid: attacked.server.pid, exe: /\/node$/, server: added });
    });
  }

  test('what is seen before it is told who did it waits for that', async () => {
    const { pid: daemon } = attacked.daemon;
    const children = readFileSync(`/proc/${daemon}/task/${daemon}/children`, 'latin1').trim().split(' ');
    const isSensor = (pid: string) =>
      readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('sealwatch-sens');
    const sensor = Number(children.find(isSensor));
    const path = attacked.host.at(LATE);
    process.kill(sensor, 'SIGSTOP');
    const { pid } = await changes(attacked.server, BY_PROGRAM[0] as Way, path);
    await sleep(500);
    process.kill(sensor, 'SIGCONT');
    const alert = await attacked.alert(SELF_REWRITE, ({ event }) => event['TargetFilename'] === path);
    attacked.assertOwn(alert, { pid, exe: /\/change-file$/ });
  });

  test('what is mapped on tmpfs is known as well', async (at: TestContext) => {
    const memory = '/dev/shm';
    if (statfsSync(memory).type !== TMPFS) return at.skip(`${memory} is no tmpfs`);
    const directory = mkdtempSync(join(memory, 'sealwatch-'));
    at.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, '.bashrc');
    writeFileSync(path, CONTENT);
    // Made earlier than in this tick of the clock, within which tmpfs tells no second change: docs/limitations.md.
    utimesSync(path, 1, 1);
    const done = await attacked.server.does({ words: [changer, 'mmap', path, ''] });
    assert.equal(done.status, 0, done.errors);
    const alert = await attacked.alert(PERSISTENCE, ({ event }) => event['TargetFilename'] === path);
    attacked.assertOwn(alert, { pid: done.pid, exe: /\/change-file$/ });
  });

  test('what lies deep below is known as well', async () => {
    const path = attacked.host.at(DEEP);
    const { pid } = await changes(attacked.server, BY_PROGRAM[0] as Way, path);
    const alert = await attacked.alert(SELF_REWRITE, ({ event }) => event['TargetFilename'] === path);
    attacked.assertOwn(alert, { pid, exe: /\/change-file$/ });
  });

  test('what a stranger changes in these ways is a change, and no rewrite by the server', async () => {
    const deeds: [path: string, pid: number][] = [];
    for (const way of WAYS) {
      const path = attacked.host.at(strangers(way));
      const { pid } = await changes(attacked.stranger, way, path);
      deeds.push([path, pid]);
    }
    for (const [path, pid] of deeds) {
      const about = ({ event }: { readonly event: Readonly<Record<string, unknown>> }) =>
        event['TargetFilename'] === path;
      const changed = await attacked.alert('mcp_closure_changed', about);
      assert.notEqual(changed.actor?.in_subtree, true, path);
      if (TOLD_OF_STRANGERS.test(path)) assert.equal(changed.actor?.pid, pid, path);
      assert.deepEqual(attacked.daemon.named(SELF_REWRITE).filter(about), []);
    }
  });
});
