import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { type FindingContext, toDetectionFinding } from '../../../central/index.ts';
import { type Alert, alertSchema } from '../../../wire/index.ts';
import { AGENT, fullAlert, plainAlert } from '../samples.ts';
import { anyAlert, text } from './arbitrary.ts';

const SCHEMA = fileURLToPath(
  new URL('../../../../shared/corpus/ocsf/detection_finding.schema.json', import.meta.url),
);
const skip = existsSync(SCHEMA) ? false : `the OCSF schema is not here: ${SCHEMA}`;
if (skip !== false) console.log(`SKIPPED: ${skip}`);

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

const RULES = new URL('../../../rules/mcp/', import.meta.url);

/** What the agent would raise for a sample's event. */
function alertOf(rule: Record<string, unknown>, event: Record<string, unknown>, seq: number): Alert {
  const { logsource: _, mcp, ...flat } = event;
  const fields = {
    ...flat,
    ...Object.fromEntries(Object.entries(mcp ?? {}).map(([key, value]) => [`mcp.${key}`, value])),
  };
  return alertSchema.parse({
    ...fullAlert(seq),
    rule: {
      id: rule['id'],
      name: rule['name'],
      title: rule['title'],
      level: rule['level'],
      tags: rule['tags'] ?? [],
      author: rule['author'] ?? null,
      license: rule['license'] ?? null,
    },
    event: fields,
  });
}

test('the finding of every rule in the pack follows OCSF 1.8.0', { skip }, (context) => {
  const validate = validator();
  const files = readdirSync(RULES).filter((name) => name.endsWith('.yml'));
  let rules = 0;
  let findings = 0;
  for (const file of files) {
    const documents = parseAllDocuments(readFileSync(new URL(file, RULES), 'utf8'));
    const samples = readFileSync(new URL(file.replace(/yml$/, 'hit.jsonl'), RULES), 'utf8');
    const events = samples.split('\n').filter((text) => text.trim() !== '');
    for (const rule of [...documents].map((document) => document.toJS()).filter((found) => found !== null)) {
      rules += 1;
      for (const event of events) {
        findings += 1;
        assertValid(validate, alertOf(rule, JSON.parse(event), findings));
      }
    }
  }
  assert.ok(files.length > 100 && rules >= files.length && findings >= rules);
  context.diagnostic(`${findings} findings of ${rules} rules`);
});
