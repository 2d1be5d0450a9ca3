import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CanaryReport,
  type GroupHealth,
  judgeCanaries,
} from '../../../central/bundles/canary-verdict.ts';
import { bundleSettings } from '../../../central/bundles/settings.ts';

const SETTINGS = bundleSettings.parse({ soak_ms: 1_000 });
const WELL: GroupHealth = { hosts: 10, away: 0, degraded: 0, losing: 0, alerts: 0, alertsPerHour: 0 };

function verdict(more: Partial<CanaryReport>): string {
  const report: CanaryReport = {
    canaries: WELL,
    control: { ...WELL, hosts: 100 },
    alertsPerHourBefore: 10,
    applied: 10,
    refused: 0,
    soakedMs: 1_000,
    ...more,
  };
  return judgeCanaries(report, SETTINGS).kind;
}

test('canaries that are well for long enough let a rollout go on', () => {
  assert.deepEqual(
    [verdict({}), verdict({ soakedMs: 999 }), verdict({ soakedMs: null })],
    ['go', 'wait', 'wait'],
  );
});

test('each sign of canaries doing worse stops it, and its near miss does not', () => {
  for (const sign of ['away', 'degraded', 'losing'] as const) {
    assert.equal(verdict({ canaries: { ...WELL, [sign]: 2 } }), 'stop', sign);
    assert.equal(verdict({ canaries: { ...WELL, [sign]: 1 } }), 'go', `${sign}: within the margin`);
    const others = { ...WELL, hosts: 100, [sign]: 15 };
    assert.equal(
      verdict({ canaries: { ...WELL, [sign]: 2 }, control: others }),
      'go',
      `${sign}: all fare so`,
    );
  }
});

test('refusals stop it above their share', () => {
  assert.equal(verdict({ applied: 9, refused: 1 }), 'stop');
  assert.equal(verdict({ applied: 0, refused: 1 }), 'stop');
  assert.equal(verdict({ applied: 95, refused: 5 }), 'go');
});

test('more alerts than before and than elsewhere stop it, unless they are few', () => {
  const loud = { ...WELL, alerts: 40, alertsPerHour: 31 };
  assert.equal(verdict({ canaries: loud }), 'stop');
  assert.equal(verdict({ canaries: { ...loud, alertsPerHour: 30 } }), 'go', 'three times what is usual');
  assert.equal(verdict({ canaries: { ...loud, alerts: 19 } }), 'go', 'too few to tell');
  const control = { ...WELL, hosts: 100, alerts: 400, alertsPerHour: 310 };
  assert.equal(verdict({ canaries: loud, control }), 'go', 'others raise as many');
});
