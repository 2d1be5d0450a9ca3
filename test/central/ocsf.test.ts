import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { type FindingContext, toDetectionFinding } from '../../central/index.ts';
import { type Alert, alertSchema } from '../../wire/index.ts';
import { AGENT, fullAlert, plainAlert } from './samples.ts';

const SCHEMA = fileURLToPath(
  new URL('../../../shared/corpus/ocsf/detection_finding.schema.json', import.meta.url),
);
const skip = existsSync(SCHEMA) ? false : `the OCSF schema is not here: ${SCHEMA}`;
if (skip !== false) console.log(`SKIPPED: ${skip}`);
const GOLDEN = new URL('../golden/central/', import.meta.url);

const CONTEXT: FindingContext = {
  version: '1.2.3',
  receivedMs: Date.UTC(2026, 7, 1, 11),
  agent: { id: AGENT, os: 'Debian GNU/Linux 12', version: '0.1.0' },
};

function validator(): ValidateFunction {
  return new Ajv2020({ strict: false, validateFormats: false }).compile(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  );
}

function assertValid(validate: ValidateFunction, alert: Alert, context = CONTEXT): void {
  const finding = JSON.parse(JSON.stringify(toDetectionFinding(alert, context)));
  assert.ok(validate(finding), JSON.stringify(validate.errors?.slice(0, 3)));
}

test('findings with and without server, change and actor follow OCSF 1.8.0', { skip }, () => {
  const validate = validator();
  assertValid(validate, plainAlert(1));
  assertValid(validate, fullAlert(2));
  assertValid(validate, plainAlert(3, { time: 'never', user: '' }));
  assertValid(validate, { ...fullAlert(4), server: null });
  assertValid(validate, { ...fullAlert(5), actor: null });
  assertValid(validate, {
    ...fullAlert(6),
    actor: { pid: 1, exe: '', cmdline: '', in_subtree: false },
    ancestry: [],
  });
  for (const [before, after] of [
    [null, 'b'.repeat(64)],
    ['a'.repeat(64), null],
    [null, null],
  ] as const) {
    const artefact = { role: 'config', path: '/etc/mcp.json' };
    assertValid(validate, plainAlert(7, { change: { artefact, before, after, diff: null } }));
  }
});

const text = fc.string({ maxLength: 12, unit: 'binary' });
const fieldValue = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
);
const fieldName = fc.oneof(
  fc.constantFrom(
    'Image',
    'CommandLine',
    'ProcessId',
    'User',
    'TargetFilename',
    'DestinationIp',
    'DestinationPort',
    'DestinationHostname',
  ),
  text,
);
const anyTag = fc.oneof(
  text,
  fc.constantFrom(
    'attack.execution',
    'attack.defense_evasion',
    'attack.t1059.004',
    'attack.T1195',
    'atlas.aml.t0051.001',
  ),
);
const anyAlert = fc.record({
  id: text,
  seq: fc.integer({ min: 1 }),
  time: fc.oneof(
    text,
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  ),
  host: text,
  user: text,
  rule: fc.record({
    id: text,
    name: fc.oneof(text, fc.constant('mcp_call_denied')),
    title: text,
    level: fc.constantFrom('informational', 'low', 'medium', 'high', 'critical'),
    tags: fc.array(anyTag, { maxLength: 4 }),
    author: fc.option(text),
    license: fc.option(text),
  }),
  server: fc.option(
    fc.record({
      id: text,
      client: text,
      name: text,
      state: fc.constantFrom('approved', 'drifted', 'pending'),
    }),
  ),
  event: fc.dictionary(fieldName, fieldValue, { maxKeys: 8 }),
  actor: fc.option(fc.record({ pid: fc.integer(), exe: text, cmdline: text, in_subtree: fc.boolean() })),
  ancestry: fc.array(
    fc.record({ pid: fc.integer(), start: fc.integer(), exe: text, cmdline: text, user: text }),
    { maxLength: 3 },
  ),
  change: fc.option(
    fc.record({
      artefact: fc.record({
        role: fc.oneof(text, fc.constantFrom('script', 'config', 'package')),
        path: text,
      }),
      before: fc.option(fc.oneof(text, fc.constant('a'.repeat(64)))),
      after: fc.option(text),
      diff: fc.option(text),
    }),
  ),
  count: fc.integer({ min: 1 }),
});

test('whatever an agent may send becomes a finding that follows OCSF 1.8.0', { skip }, () => {
  const validate = validator();
  fc.assert(
    fc.property(anyAlert, text, (raw, os) => {
      const alert = alertSchema.parse(JSON.parse(JSON.stringify(raw)));
      assertValid(validate, alert, { ...CONTEXT, agent: { ...CONTEXT.agent, os } });
    }),
    { numRuns: 500 },
  );
});

test('a finding carries rule, author, licence, severity and both sides of a change', () => {
  // biome-ignore lint/suspicious/noExplicitAny: looked into freely
  const finding: any = toDetectionFinding(fullAlert(9), CONTEXT);
  assert.equal(finding.finding_info.uid, fullAlert(9).id);
  assert.equal(finding.finding_info.analytic.name, 'mcp_shell_spawn');
  assert.deepEqual(finding.finding_info.attacks, [
    {
      tactic: { uid: 'TA0002', name: 'Execution' },
      technique: { uid: 'T1059' },
      sub_technique: { uid: 'T1059.004' },
    },
  ]);
  assert.deepEqual(finding.unmapped.sigma, { rule_author: 'Jane Doe', license: 'DRL-1.1' });
  assert.deepEqual(finding.metadata.profiles, ['host', 'security_control']);
  assert.equal(finding.severity_id, 4);
  assert.equal(finding.actor.process.parent_process.pid, 4100);
  const sides = finding.evidences.slice(1);
  assert.deepEqual(
    sides.map((side: { name: string }) => side.name),
    ['before', 'after'],
  );
  assert.equal(sides[1].file.hashes[0].value, 'b'.repeat(64));
});

test('golden findings stand', () => {
  const samples: Readonly<Record<string, Alert>> = {
    'full-alert.json': fullAlert(7),
    'plain-alert.json': plainAlert(8),
  };
  const render = (alert: Alert) => `${JSON.stringify(toDetectionFinding(alert, CONTEXT), null, 2)}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') {
    for (const [name, alert] of Object.entries(samples)) writeFileSync(new URL(name, GOLDEN), render(alert));
  }
  const names = readdirSync(GOLDEN).sort();
  assert.deepEqual(names, Object.keys(samples).sort());
  for (const name of names) {
    const alert = samples[name];
    assert.ok(alert !== undefined);
    assert.equal(render(alert), readFileSync(new URL(name, GOLDEN), 'utf8'), name);
  }
});
