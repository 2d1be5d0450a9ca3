import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WatchRequest } from '../../../collectors/file/watch-plan.ts';
import { FileWatcher } from '../../../collectors/file/watcher.ts';
import type { PathChange } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { EventLog } from '../process/event-log.ts';

const PATIENCE = { timeout: 180_000 };
const skip = process.platform === 'linux' ? false : 'needs inotify';

async function watching(context: TestContext, request: WatchRequest) {
  const log = new EventLog();
  const watcher = new FileWatcher();
  context.after(() => watcher.stop());
  await watcher.start(log.sink);
  await watcher.watch(request);
  const told = (path: string): Promise<PathChange> => log.wait('path_change', (event) => event.path === path);
  return { log, watcher, told };
}

/** Directories that this process watches by inotify (proc_pid_fdinfo(5)). */
function inotifyWatches(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes('inotify')) continue;
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
        .split('\n')
        .filter((l) => l.startsWith('inotify')).length;
    } catch {}
  }
  return count;
}

test('writing, atomic replacement, removal and creation of a file are told', PATIENCE, async (context) => {
  using home = new TempDirectory();
  const path = home.write('cfg/mcp.json', '{}');
  const { told, log } = await watching(context, { files: [path], trees: [] });
  const steps: readonly (() => void)[] = [
    () => writeFileSync(path, '{"a":1}'),
    () => {
      writeFileSync(home.at('cfg/.tmp'), '{"b":1}');
      renameSync(home.at('cfg/.tmp'), path);
    },
    () => rmSync(path),
    () => writeFileSync(path, '{"c":1}'),
  ];
  for (const step of steps) {
    log.events.length = 0;
    step();
    await told(path);
  }
});

test('a config whose directory did not exist is told of when it appears', PATIENCE, async (context) => {
  using home = new TempDirectory();
  const path = home.at('.config/App/mcp.json');
  const request = { files: [path], trees: [] };
  const { told, watcher } = await watching(context, request);
  mkdirSync(home.at('.config/App'), { recursive: true });
  await told(home.at('.config'));
  await watcher.watch(request);
  writeFileSync(path, '{}');
  await told(path);
});

test(
  'a directory that is removed and made again is watched, planned anew at each event',
  PATIENCE,
  async (context) => {
    using home = new TempDirectory();
    const path = home.write('cfg/mcp.json', '{}');
    const request = { files: [path], trees: [] };
    const watcher = new FileWatcher();
    context.after(() => watcher.stop());
    const log = new EventLog();
    await watcher.start((event) => {
      log.sink(event);
      if (event.kind === 'path_change') setImmediate(() => void watcher.watch(request));
    });
    await watcher.watch(request);
    for (let round = 0; round < 5; round += 1) {
      rmSync(home.at('cfg'), { recursive: true });
      home.write('cfg/mcp.json', '{}');
      for (let last = -1; last !== log.events.length; ) {
        last = log.events.length;
        await sleep(300);
      }
      log.events.length = 0;
      writeFileSync(path, `{"round":${round}}`);
      await log.wait('path_change', (event) => event.path === path);
    }
  },
);

test('a directory made anew under the same inode number counts as another', PATIENCE, async (context) => {
  using home = new TempDirectory();
  const path = home.write('cfg/mcp.json', '{}');
  const request = { files: [path], trees: [] };
  const { told, watcher, log } = await watching(context, request);
  for (let round = 0; round < 3; round += 1) {
    rmSync(home.at('cfg'), { recursive: true });
    home.write('cfg/mcp.json', '{}');
    await watcher.watch(request);
    log.events.length = 0;
    writeFileSync(path, `{"round":${round}}`);
    await told(path);
  }
});

test(
  'a directory put in the place of a watched one is watched at the next plan',
  PATIENCE,
  async (context) => {
    using home = new TempDirectory();
    const path = home.write('cfg/mcp.json', '{}');
    home.write('evil/mcp.json', '{"evil":1}');
    const request = { files: [path], trees: [] };
    const { told, watcher, log } = await watching(context, request);
    renameSync(home.at('cfg'), home.at('old'));
    renameSync(home.at('evil'), home.at('cfg'));
    await watcher.watch(request);
    log.events.length = 0;
    writeFileSync(path, '{"more":1}');
    await told(path);
  },
);

test('a package tree is watched deep', PATIENCE, async (context) => {
  using home = new TempDirectory();
  home.write('pkg/a/b/index.js', '1');
  const { told } = await watching(context, { files: [], trees: [home.at('pkg')] });
  home.write('pkg/a/b/index.js', '2');
  await told(home.at('pkg/a/b/index.js'));
  home.write('pkg/new/dir/file.js', '3');
  await told(home.at('pkg/new'));
});

test('a home with many directories costs its first level only', { ...PATIENCE, skip }, async (context) => {
  using home = new TempDirectory();
  for (let index = 0; index < 200; index += 1) {
    mkdirSync(home.at('work', `${index % 4}`, `${index}`, 'deep', 'er'), { recursive: true });
    mkdirSync(home.at('.hidden', `${index}`, '.deep'), { recursive: true });
  }
  const before = inotifyWatches();
  const { watcher } = await watching(context, { files: [home.at('.claude.json')], trees: [] });
  assert.equal(watcher.size, 1);
  const added = inotifyWatches() - before;
  assert.ok(added >= 1 && added <= 3, `${added} watches for a home and its two directories`);
  await watcher.watch({ files: [], trees: [] });
  assert.equal(watcher.size, 0);
  assert.equal(inotifyWatches(), before);
});

test('nothing is told of paths that nobody asked for', PATIENCE, async (context) => {
  using home = new TempDirectory();
  const path = home.write('cfg/mcp.json', '{}');
  const { told, log } = await watching(context, { files: [path], trees: [] });
  for (let index = 0; index < 50; index += 1) home.write(`cfg/other-${index}`, 'x');
  home.write('elsewhere/mcp.json', 'x');
  home.write('cfg/below/mcp.json', 'x');
  writeFileSync(path, '{"last":1}');
  await told(path);
  const paths = new Set(log.of('path_change').map((event) => event.path));
  assert.deepEqual(
    [...paths].filter((at) => at !== path && at !== home.at('cfg')),
    [],
  );
});

test(
  'a directory that cannot be watched degrades the watcher and spares the others',
  PATIENCE,
  async (context) => {
    using home = new TempDirectory();
    const path = home.write('cfg/mcp.json', '{}');
    const { log, watcher, told } = await watching(context, { files: [path], trees: [] });
    assert.deepEqual(log.of('health'), []);
    await watcher.watch({ files: [path, '/proc/self/x'], trees: [] });
    writeFileSync(path, '{"a":1}');
    await told(path);
  },
);

test('stopping twice is safe, and nothing is told afterwards', PATIENCE, async () => {
  using home = new TempDirectory();
  const log = new EventLog();
  const watcher = new FileWatcher();
  await watcher.start(log.sink);
  await watcher.watch({ files: [home.at('x')], trees: [] });
  await watcher.stop();
  await watcher.stop();
  home.write('x', '1');
  assert.equal(watcher.size, 0);
  assert.deepEqual(log.of('path_change'), []);
});
