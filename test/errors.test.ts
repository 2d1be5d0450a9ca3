import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AGENT_ERROR_CODES } from '../agent/index.ts';
import { APPROVAL_ERROR_CODES } from '../approval/index.ts';
import { CENTRAL_ERROR_CODES } from '../central/index.ts';
import { CLI_ERROR_CODES } from '../cli/errors.ts';
import { COLLECTOR_ERROR_CODES } from '../collectors/index.ts';
import { GUARD_ERROR_CODES } from '../guard/index.ts';
import { INVENTORY_ERROR_CODES, PROBLEM_CODES } from '../inventory/index.ts';
import { RULE_ERROR_CODES, RULE_WARNING_CODES } from '../rules/engine/errors.ts';
import { WIRE_ERROR_CODES } from '../wire/index.ts';
import { REFUSAL_CODES } from '../wire/v1/frames.ts';

const CODES: readonly string[] = [
  ...AGENT_ERROR_CODES,
  ...APPROVAL_ERROR_CODES,
  ...CENTRAL_ERROR_CODES,
  ...CLI_ERROR_CODES,
  ...COLLECTOR_ERROR_CODES,
  ...GUARD_ERROR_CODES,
  ...INVENTORY_ERROR_CODES,
  ...PROBLEM_CODES,
  ...RULE_ERROR_CODES,
  ...RULE_WARNING_CODES,
  ...WIRE_ERROR_CODES,
];
const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');

test('no code has two meanings', () => {
  assert.equal(new Set(CODES).size, CODES.length);
});

test('every code is described', () => {
  const missing = [...CODES, ...REFUSAL_CODES].filter((code) => !text.includes(`\`${code}\``));
  assert.deepEqual(missing, []);
});

test('no code is described that does not exist', () => {
  const described = [...text.matchAll(/^\|\s*`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/gm)].map(
    ([, code = '']) => code,
  );
  assert.ok(described.length > 0);
  assert.deepEqual(
    described.filter((code) => !CODES.includes(code)),
    [],
  );
});
