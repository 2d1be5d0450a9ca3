import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, renameSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { strangeImage } from '../../../guard/launch/running-image.ts';
import type { Artefact } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';

const SLEEP = '/usr/bin/sleep';
const ROOT = process.getuid?.() === 0 ? {} : { skip: 'only root can give a program to another user' };

async function running(context: TestContext, path: string): Promise<number> {
  const child: ChildProcess = spawn(path, ['60']);
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child.pid ?? 0;
}

/** A program of an ordinary user's. */
function own(directory: TempDirectory, name: string): string {
  const path = directory.at(name);
  copyFileSync(SLEEP, path);
  chmodSync(path, 0o755);
  chownSync(path, 65_534, 65_534);
  return path;
}

test(
  'the program that was asked for, a sealed one and one of the system are no strangers',
  ROOT,
  async (t) => {
    using directory = new TempDirectory();
    const [asked, sealed] = [own(directory, 'asked'), own(directory, 'sealed')];
    assert.equal(strangeImage(await running(t, asked), asked, []), null);
    const artefact = { role: 'interpreter', path: sealed } as Artefact;
    assert.equal(strangeImage(await running(t, sealed), asked, [artefact]), null);
    assert.equal(strangeImage(await running(t, SLEEP), asked, []), null);
    assert.equal(strangeImage(4_194_305, asked, []), null, 'no such process');
  },
);

test('another program, and one whose file was replaced, are strangers', ROOT, async (t) => {
  using directory = new TempDirectory();
  const [asked, other] = [own(directory, 'asked'), own(directory, 'other')];
  assert.equal(strangeImage(await running(t, other), asked, []), other);
  const pid = await running(t, asked);
  renameSync(other, asked);
  assert.equal(strangeImage(pid, asked, []), `${asked} (deleted)`);
});
