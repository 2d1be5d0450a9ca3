import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CAUSE_CODES, CAUSES, knownCause } from '../../../cli/doctor/causes.ts';

const PAGE = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
const ROW = /^\| `([a-z-]+)` \| .* \| .* \|$/gm;

test('every code is documented with its cause and fix as the command says them, and no other code is', () => {
  const rows = [...PAGE.matchAll(ROW)].map(([line]) => line);
  const expected = CAUSE_CODES.map((code) => `| \`${code}\` | ${CAUSES[code].cause} | ${CAUSES[code].fix} |`);
  assert.deepEqual(rows, expected);
});

test('every code is listed once, and has a cause and a fix in words', () => {
  assert.equal(new Set(CAUSE_CODES).size, CAUSE_CODES.length);
  assert.deepEqual([...CAUSE_CODES].sort(), Object.keys(CAUSES).sort());
  for (const code of CAUSE_CODES) {
    const { cause, fix } = CAUSES[code];
    assert.ok(cause.length > 15 && fix.length > 10, code);
  }
});

test('a code of another version is not taken for one of this', () => {
  assert.equal(knownCause('watch-limit'), 'watch-limit');
  assert.equal(knownCause('toString'), null);
  assert.equal(knownCause(null), null);
});
