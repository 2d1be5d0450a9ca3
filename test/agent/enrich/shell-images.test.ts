import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, linkSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { ShellImages } from '../../../agent/enrich/shell-images.ts';
import { TempDirectory } from '../../temp-directory.ts';

/** A host with one shell of its own, and a /proc without processes. */
function host() {
  const directory = new TempDirectory();
  for (const part of ['bin', 'proc', 'home']) mkdirSync(directory.at(part));
  directory.write('bin/bash', '#!shell\n'.repeat(50));
  let now = 0;
  // Each look is later than the one before by more than a shell is believed to stay as it is.
  const clock = () => (now += 2_000);
  const shells = new ShellImages([directory.at('bin')], directory.at('proc'), clock);
  const run = (path: string, pid = 1) => shells.isDisguised(pid, { exe: path, argv: [path] });
  return { directory, run, at: directory.at.bind(directory) };
}

test('a shell under another name is recognised by its content, and under its own it is none', () => {
  const { directory, run, at } = host();
  using _ = directory;
  copyFileSync(at('bin/bash'), at('home/updater'));
  linkSync(at('bin/bash'), at('home/link'));
  copyFileSync(at('bin/bash'), at('home/dash'));
  assert.deepEqual([run(at('home/updater')), run(at('home/link'))], [true, true]);
  assert.deepEqual([run(at('bin/bash')), run(at('home/dash'))], [false, false]);
  appendFileSync(at('home/updater'), 'x');
  assert.equal(run(at('home/updater')), false);
  assert.deepEqual(
    [run(at('home/gone')), run(at('home')), run(''), run('relative')],
    [false, false, false, false],
  );
});

test('what a caller calls a shell does not excuse it, nor does the name of another one', () => {
  const { directory, at } = host();
  using _ = directory;
  directory.write('bin/busybox', '#!box\n'.repeat(70));
  copyFileSync(at('bin/bash'), at('home/updater'));
  copyFileSync(at('bin/bash'), at('home/busybox'));
  const shells = new ShellImages([at('bin')], at('proc'));
  const runs = (path: string, called: string) =>
    shells.isDisguised(1, { exe: path, argv: [called, '-c', 'id'] });
  assert.equal(runs(at('home/updater'), 'sh'), true);
  assert.equal(runs(at('home/busybox'), 'busybox'), true);
  assert.equal(runs(at('bin/busybox'), 'ls'), false, 'busybox under its own name');
});

test('the image of a living process counts where its path leads nowhere, as long as it is the one that was told', () => {
  const { directory, run, at } = host();
  using _ = directory;
  mkdirSync(at('proc/7'));
  copyFileSync(at('bin/bash'), at('home/hidden'));
  symlinkSync(at('home/hidden'), at('proc/7/exe'));
  assert.equal(run(at('home/hidden'), 7), true);
  assert.equal(run('/usr/bin/env', 7), false, 'env, which has become a shell by now');
  assert.equal(run('/memfd:x (deleted)', 8), false);
});

test('a shell that was replaced is learned anew, one that is gone is forgotten', () => {
  const { directory, run, at } = host();
  using _ = directory;
  copyFileSync(at('bin/bash'), at('home/old'));
  assert.equal(run(at('home/old')), true);
  directory.write('bin/bash', '#!other shell\n'.repeat(60));
  copyFileSync(at('bin/bash'), at('home/new'));
  assert.deepEqual([run(at('home/old')), run(at('home/new'))], [false, true]);
  unlinkSync(at('bin/bash'));
  assert.equal(run(at('home/new')), false);
});
