import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { ApprovalError } from '../../../approval/errors.ts';
import { writeDurably } from '../../../approval/store/durable-file.ts';
import { asOwnerOf } from '../../../approval/store/ownership.ts';
import { TempDirectory } from '../../temp-directory.ts';

const skip = process.geteuid?.() === 0 ? false : 'only root writes as somebody else';
const OTHER = 60_123;

/** A directory of somebody else's in one that everybody may pass. */
class Place extends TempDirectory {
  readonly theirs = this.at('theirs');

  constructor() {
    super();
    mkdirSync(this.theirs, { mode: 0o700 });
    chownSync(this.theirs, OTHER, OTHER);
    chownSync(this.path, OTHER, OTHER);
  }
}

test('what root writes into a directory of another user is that user’s', { skip }, () => {
  using place = new Place();
  const path = place.at('theirs', 'approvals', 'one.json');
  writeDurably(path, 'text', 0o600);
  const { uid, gid } = statSync(path);
  assert.deepEqual([uid, gid], [OTHER, OTHER]);
  assert.deepEqual([process.geteuid?.(), process.getegid?.()], [0, 0]);
});

test('no link of that user leads root to what they could not have written', { skip }, () => {
  using place = new Place();
  using mine = new TempDirectory();
  mkdirSync(mine.at('kept'), { mode: 0o700 });
  symlinkSync(mine.at('kept'), place.at('theirs', 'approvals'));
  assert.throws(
    () => writeDurably(place.at('theirs', 'approvals', 'one.json'), 'text', 0o600),
    (error) => error instanceof ApprovalError && error.code === 'APPROVAL_STORE_UNWRITABLE',
  );
});

test('root is root again where the deed fails', { skip }, () => {
  using place = new Place();
  assert.throws(() =>
    asOwnerOf(place.at('theirs', 'x'), () => {
      assert.equal(process.geteuid?.(), OTHER);
      throw new Error('fails');
    }),
  );
  assert.equal(process.geteuid?.(), 0);
});

test('in a directory of one’s own nothing changes', () => {
  using directory = new TempDirectory();
  writeDurably(directory.at('own', 'file'), 'text', 0o600);
  assert.equal(readFileSync(directory.at('own', 'file'), 'utf8'), 'text');
  assert.equal(statSync(directory.at('own', 'file')).uid, process.geteuid?.());
});
