import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownReach } from '../../inventory/reach.ts';
import { TempDirectory } from '../temp-directory.ts';

const SERVICE = 997;

for (const [effective, files, processes] of [
  ['0000000000000000', false, false],
  ['0000000000000004', true, false],
  ['0000000000080000', false, true],
  ['0000000000080004', true, true],
  ['fffffffffff7fffb', false, false],
  ['no mask', false, false],
] as const) {
  test(`a program with the effective capabilities ${effective} sees as far as they let it`, () => {
    using directory = new TempDirectory();
    const status = directory.write(
      'status',
      `Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${effective}\n`,
    );
    assert.deepEqual(ownReach(status, SERVICE), { files, processes });
  });
}

test('root sees all, and who is not on Linux no more than is its own', () => {
  using directory = new TempDirectory();
  const none = directory.at('status');
  assert.deepEqual(ownReach(none, 0), { files: true, processes: true });
  assert.deepEqual(ownReach(none, SERVICE), { files: false, processes: false });
});
