import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PathWatch } from '../../../guard/authority/path-watch.ts';
import { until } from '../../e2e/host.ts';
import { TempDirectory } from '../../temp-directory.ts';

/** Milliseconds in which a touch that must not be told would have been. */
const QUIET_MS = 150;

function watching(context: TestContext) {
  const directory = new TempDirectory();
  directory.write('project/config.json', '{}');
  directory.write('project/packages/a/lib/index.js', '1');
  const touches = { count: 0 };
  const watch = new PathWatch(() => {
    touches.count += 1;
  });
  context.after(() => {
    watch.close();
    directory[Symbol.dispose]();
  });
  const plan = {
    files: [directory.at('project/config.json'), directory.at('project/missing/later.json')],
    trees: [directory.at('project/packages')],
  };
  watch.follow(plan);
  const seen = async (what: string, deed: () => void) => {
    const before = touches.count;
    deed();
    await until(what, () => touches.count > before);
    watch.follow(plan);
  };
  return { directory, touches, watch, seen };
}

test('every way in which a file can come to be another is told', async (t) => {
  const { directory, seen } = watching(t);
  const config = directory.at('project/config.json');
  await seen('a write', () => appendFileSync(config, ' '));
  await seen('a rename over it', () => {
    writeFileSync(`${config}.new`, '{}');
    renameSync(`${config}.new`, config);
  });
  await seen('its end', () => rmSync(config));
  await seen('its beginning', () => writeFileSync(config, '{}'));
  await seen('a link in its place', () => {
    rmSync(config);
    symlinkSync('/etc/hostname', config);
  });
  await seen('a directory above that is moved', () => {
    renameSync(directory.at('project'), directory.at('moved'));
    mkdirSync(directory.at('project'));
  });
  await seen('what comes in its place', () => writeFileSync(config, '{}'));
  await seen('a file that was not there, in a directory that was not there', () => {
    mkdirSync(directory.at('project/missing'));
  });
  await seen('the file itself', () => writeFileSync(directory.at('project/missing/later.json'), '{}'));
});

test('every change in a tree is told, in directories that come later as well', async (t) => {
  const { directory, seen } = watching(t);
  const tree = directory.at('project/packages');
  await seen('a write', () => appendFileSync(`${tree}/a/lib/index.js`, '2'));
  await seen('a new directory', () => mkdirSync(`${tree}/b`));
  await seen('a file in it', () => writeFileSync(`${tree}/b/x.js`, '1'));
  await seen('a changed mode or time', () => utimesSync(`${tree}/b/x.js`, 1, 1));
});

test('what lies beside a file that matters is not told', async (t) => {
  const { directory, touches } = watching(t);
  await until('what may have happened before the watch', () => touches.count === 1);
  writeFileSync(directory.at('project/notes.txt'), 'x');
  mkdirSync(directory.at('elsewhere'));
  writeFileSync(`${dirname(directory.path)}/sealwatch-test-beside`, '');
  rmSync(`${dirname(directory.path)}/sealwatch-test-beside`);
  await sleep(QUIET_MS);
  assert.equal(touches.count, 1);
});

test('times that changed without a word are found by looking', async (t) => {
  const { directory, touches, watch } = watching(t);
  await until('what may have happened before the watch', () => touches.count === 1);
  watch.close();
  appendFileSync(directory.at('project/config.json'), ' ');
  watch.probe();
  assert.equal(touches.count, 2);
});
