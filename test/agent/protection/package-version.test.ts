import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions } from '../../../agent/protection/package-version.ts';

const RISING = [
  '0.1.0~rc.1',
  '0.1.0',
  '0.1.0+b1',
  '0.1.1',
  '0.2.0-rc.1',
  '0.2.0',
  '0.9.9',
  '0.10.0',
  '1.0',
  '1.0.1',
  '10.0',
];

test('versions are ranked as dpkg and semver do', () => {
  for (const [at, older] of RISING.entries()) {
    assert.equal(compareVersions(older, older), 0);
    for (const newer of RISING.slice(at + 1)) {
      assert.ok(compareVersions(older, newer) < 0, `${older} < ${newer}`);
      assert.ok(compareVersions(newer, older) > 0, `${newer} > ${older}`);
    }
  }
  assert.equal(compareVersions('1.02', '1.2'), 0);
});
