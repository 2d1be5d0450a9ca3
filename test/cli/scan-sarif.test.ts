import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { sarifLog } from '../../cli/report/sarif.ts';
import type { ScanReport } from '../../cli/report/scan-report.ts';
import { HOSTILE_NAMES, sampleFinding, sampleReport, sampleServer } from './sample-report.ts';

/** The published schema is of draft 4, but uses nothing in which draft 7 differs; only its own name does. */
const {
  $schema: _,
  id: __,
  ...schema
} = JSON.parse(readFileSync(new URL('../golden/sarif/sarif-2.1.0-rtm.5.json', import.meta.url), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
formats.default(ajv);
const isValid = ajv.compile(schema);

/** The one run of a report's log, after the log was found valid. */
function runOf(report: ScanReport) {
  const log = JSON.parse(JSON.stringify(sarifLog(report)));
  // A name of its own: as a guard it would take the type of the log away.
  const found: boolean = isValid(log);
  assert.ok(found, JSON.stringify(isValid.errors, null, 2));
  assert.equal(log.runs.length, 1);
  return log.runs[0];
}

const PROBLEM = {
  path: '/home/u/work/.mcp.json',
  line: 2,
  column: 1,
  code: 'CONFIG_SYNTAX',
  message: 'ends',
};

test('the schema refuses what is no SARIF', () => {
  assert.ok(!isValid({ version: '2.1.0' }));
  assert.ok(!isValid({ version: '2.1.0', runs: [{ tool: { driver: {} } }] }));
});

test('an empty report is a valid log with no results', () => {
  const run = runOf(sampleReport({ servers: [] }));
  assert.deepEqual([run.results, run.tool.driver.rules, run.columnKind], [[], [], 'utf16CodeUnits']);
  assert.equal(run.tool.driver.version, '1.2.3');
  assert.equal(run.invocations[0].startTimeUtc, '2026-01-02T03:04:05.000Z');
});

test('a finding is a result with its place, and its rule says why and what to do', () => {
  const run = runOf(sampleReport());
  const [result] = run.results;
  const rule = run.tool.driver.rules[result.ruleIndex];
  assert.deepEqual(
    [result.ruleId, rule.id, result.level],
    ['mcp_unpinned_package', 'mcp_unpinned_package', 'warning'],
  );
  assert.deepEqual(result.locations[0].physicalLocation, {
    artifactLocation: { uri: 'file:///home/u/.claude.json' },
    region: { startLine: 3, startColumn: 5 },
  });
  assert.match(rule.help.markdown, /\*\*Fix:\*\* Name an exact version/);
  assert.ok(rule.properties.tags.includes('attack.t1195.002'));
  assert.equal(rule.properties['security-severity'], '5.5');
});

test('files below the root are told relative to it, with what a uri needs escaped', () => {
  const uri = (config_path: string) => {
    const run = runOf(sampleReport({ servers: [sampleServer({ config_path })] }));
    assert.equal(run.originalUriBaseIds.SRCROOT.uri, 'file:///home/u/work/');
    return run.results[0].locations[0].physicalLocation.artifactLocation;
  };
  assert.deepEqual(uri('/home/u/work/a b#1/.mcp.json'), { uri: 'a%20b%231/.mcp.json', uriBaseId: 'SRCROOT' });
  assert.deepEqual(uri('/home/u/workshop/.mcp.json'), { uri: 'file:///home/u/workshop/.mcp.json' });
  assert.deepEqual(uri('/home/u/work/..x/y'), { uri: '..x/y', uriBaseId: 'SRCROOT' });
});

test('problems and settings are results beside the findings', () => {
  const control = {
    client: 'claude-code',
    kind: 'trust',
    scope: 'user',
    user: 'u',
    project: null,
    path: '/home/u/.claude/settings.json',
    key: 'enableAllProjectMcpServers',
    sha256: 'c'.repeat(64),
    value: 'true',
    findings: [sampleFinding('mcp_auto_approve', 'high')],
  } as const;
  const run = runOf(
    sampleReport({
      servers: [],
      controls: [control],
      problems: [PROBLEM, { ...PROBLEM, code: 'CONFIG_CASE_VARIANT' }],
    }),
  );
  const told = run.results.map((result: { ruleId: string; level: string }) => [result.ruleId, result.level]);
  assert.deepEqual(told, [
    ['mcp_auto_approve', 'error'],
    ['sealwatch/CONFIG_SYNTAX', 'error'],
    ['sealwatch/CONFIG_CASE_VARIANT', 'note'],
  ]);
});

test('a fingerprint stands when lines move, and differs by server, rule and occurrence', () => {
  const twice = [sampleFinding('mcp_auto_approve', 'high'), sampleFinding('mcp_auto_approve', 'low')];
  const prints = (changes: object): readonly string[] =>
    runOf(sampleReport({ servers: [sampleServer({ findings: twice, ...changes })] })).results.map(
      (result: { partialFingerprints: object }) => Object.values(result.partialFingerprints)[0],
    );
  const before = prints({});
  assert.equal(new Set(before).size, 2);
  assert.deepEqual(prints({ config_line: 99 }), before);
  assert.notDeepEqual(prints({ name: 'other' }), before);
  assert.notDeepEqual(prints({ config_path: '/home/u/other.json' }), before);
});

test('hostile names make a valid log, no links and no control characters', () => {
  for (const name of HOSTILE_NAMES) {
    const server = sampleServer({
      name,
      config_path: `/home/u/work/${name}`,
      findings: [sampleFinding('mcp_auto_approve', 'high', name)],
    });
    const problem = { ...PROBLEM, path: `/home/u/${name.replaceAll('\0', '')}`, message: name };
    const run = runOf(sampleReport({ servers: [server], problems: [problem] }));
    for (const { message } of run.results) {
      assert.doesNotMatch(message.text, /[\p{Cc}\p{Cf}]|\]\(/u);
      assert.doesNotMatch(message.text, /(?<!\{)\{\d+\}/);
    }
  }
});
