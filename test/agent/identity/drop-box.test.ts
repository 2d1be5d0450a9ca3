import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DropBox } from '../../../agent/identity/drop-box.ts';
import { TempDirectory } from '../../temp-directory.ts';

const ALICE = 54_321;
const BOB = 54_322;
const NAME = 'a'.repeat(32);
const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root to give files away' };

class Box implements Disposable {
  readonly state = new TempDirectory();
  readonly box: DropBox;

  constructor() {
    chmodSync(this.state.path, 0o711);
    this.box = new DropBox(this.state.path, [ALICE, BOB]);
  }

  questions(uid: number, ...parts: string[]): string {
    return this.state.at('identity-questions', String(uid), ...parts);
  }

  /** Puts a question there as a guard of that user does. */
  drop(uid: number, name: string, text: string): void {
    symlinkSync(text, this.questions(uid, name));
    lchownSync(this.questions(uid, name), uid, uid);
  }

  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
  }
}

/** How a command of a user ends. */
function runAs(uid: number, command: string, ...args: string[]): number | null {
  return spawnSync(command, args, { uid, gid: uid, stdio: 'ignore' }).status;
}

test('each user can put questions into a directory of its own and into no other', asRoot, () => {
  using held = new Box();
  assert.equal(runAs(ALICE, '/bin/ln', '-s', 'text', held.questions(ALICE, NAME)), 0);
  assert.notEqual(runAs(ALICE, '/bin/ln', '-s', 'text', held.questions(BOB, NAME)), 0);
  assert.notEqual(runAs(ALICE, '/bin/ls', held.state.at('identity-questions')), 0);
  assert.notEqual(runAs(ALICE, '/bin/ls', held.state.at('identity-answers')), 0);
  assert.deepEqual(held.box.take(), { dropped: [{ name: NAME, uid: ALICE, text: 'text' }], isFull: false });
  assert.deepEqual(held.box.take(), { dropped: [], isFull: false });
});

test('an answer is for the user who asked alone', asRoot, () => {
  using held = new Box();
  held.box.answer({ name: NAME, uid: ALICE, text: '' }, 'answer');
  const path = held.state.at('identity-answers', NAME);
  const { uid, mode } = statSync(path);
  assert.deepEqual([uid, mode & 0o7777], [ALICE, 0o400]);
  assert.equal(runAs(ALICE, '/bin/cat', path), 0);
  assert.notEqual(runAs(BOB, '/bin/cat', path), 0);
  assert.notEqual(runAs(ALICE, '/bin/rm', '-f', path), 0);
  assert.deepEqual(readdirSync(held.state.at('identity-answers')), [NAME]);
});

test('what is no question is taken away and nothing behind it is touched', asRoot, () => {
  using held = new Box();
  using elsewhere = new TempDirectory();
  const kept = elsewhere.write('kept', 'x');
  writeFileSync(held.questions(ALICE, NAME), 'a file');
  held.drop(ALICE, 'not-a-name', 'text');
  held.drop(ALICE, `${NAME}0`, kept);
  symlinkSync(kept, held.questions(ALICE, 'b'.repeat(32)));
  linkSync(kept, held.questions(ALICE, 'c'.repeat(32)));
  spawnSync('mkfifo', [held.questions(ALICE, 'd'.repeat(32))]);
  assert.deepEqual(held.box.take().dropped, []);
  assert.deepEqual(readdirSync(held.questions(ALICE)), []);
  assert.equal(elsewhere.read('kept'), 'x');
});

test('a directory among questions is left where it is, with what is in it', asRoot, () => {
  using held = new Box();
  using elsewhere = new TempDirectory();
  mkdirSync(held.questions(ALICE, NAME));
  symlinkSync(elsewhere.path, held.questions(ALICE, NAME, 'inner'));
  assert.deepEqual(held.box.take(), { dropped: [], isFull: false });
  assert.ok(existsSync(elsewhere.path));
});

test('a user who asks without end is served 64 at a time and holds up nobody else', asRoot, () => {
  using held = new Box();
  const names = Array.from({ length: 70 }, (_, index) => index.toString(16).padStart(32, '0'));
  for (const name of names) held.drop(ALICE, name, 'text');
  held.drop(BOB, NAME, 'text');
  const first = held.box.take();
  assert.equal(first.dropped.filter(({ uid }) => uid === ALICE).length, 64);
  assert.equal(first.dropped.filter(({ uid }) => uid === BOB).length, 1);
  assert.ok(first.isFull);
  const second = held.box.take();
  assert.deepEqual([second.dropped.length, second.isFull], [6, false]);
});

test('directories full of what cannot be removed do not make it look for more', asRoot, () => {
  using held = new Box();
  for (let index = 0; index < 70; index += 1) mkdirSync(join(held.questions(ALICE), `d${index}`));
  assert.equal(held.box.take().isFull, false);
});

test('young answers stay, and a directory that was there is put right', asRoot, () => {
  using held = new Box();
  held.box.answer({ name: NAME, uid: ALICE, text: '' }, 'answer');
  held.box.clear();
  assert.deepEqual(readdirSync(held.state.at('identity-answers')), [NAME]);
  chmodSync(held.state.at('identity-answers'), 0o777);
  chmodSync(held.questions(ALICE), 0o777);
  new DropBox(held.state.path, [ALICE]);
  assert.equal(lstatSync(held.state.at('identity-answers')).mode & 0o7777, 0o711);
  assert.equal(lstatSync(held.questions(ALICE)).mode & 0o7777, 0o700);
});

test('a link in place of a directory is refused', asRoot, () => {
  using state = new TempDirectory();
  using elsewhere = new TempDirectory();
  symlinkSync(elsewhere.path, state.at('identity-answers'));
  assert.throws(() => new DropBox(state.path, [ALICE]), /no directory/);
});
