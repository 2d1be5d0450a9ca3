import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compileRules, parseEventRecord, type RuleEvent } from '../../rules/engine/index.ts';
import { PACK, ruleFiles } from './shared.ts';

const files = ruleFiles(PACK);
const pack = compileRules(files);

function samples(
  name: string,
  kind: 'hit' | 'miss',
): readonly { readonly line: string; readonly event: RuleEvent }[] {
  const path = join(PACK, `${name}.${kind}.jsonl`);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ line, event: parseEventRecord(JSON.parse(line)) }));
}

/** Names of DESIGN §6 that this version of the pack covers. */
const COVERED = [
  'agent_events_lost',
  'agent_sensor_degraded',
  'mcp_approval_expired',
  'mcp_approval_invalid',
  'mcp_auto_approve_widened',
  'mcp_closure_changed',
  'mcp_cloud_metadata',
  'mcp_config_unparseable',
  'mcp_credential_access',
  'mcp_download_pipe_shell',
  'mcp_env_changed',
  'mcp_env_file_changed',
  'mcp_exec_from_writable_path',
  'mcp_first_sight_changed',
  'mcp_inline_code',
  'mcp_package_manager',
  'mcp_persistence',
  'mcp_reverse_shell',
  'mcp_server_added',
  'mcp_server_removed',
  'mcp_server_repointed',
  'mcp_shell_spawn',
  'mcp_unapproved_server_started',
  'mcp_unmanaged_server',
];

describe('the rule pack', () => {
  it('is taken whole', () => {
    assert.deepEqual(pack.refused, []);
    assert.equal(pack.rules.length, files.length);
  });

  it('keeps the names of the detections', () => {
    const present = new Set(pack.rules.map((rule) => rule.name));
    assert.deepEqual(
      COVERED.filter((name) => !present.has(name)),
      [],
    );
  });

  it('holds nothing but rules and their samples', () => {
    const known = new Set(
      pack.rules.flatMap(({ name }) => [`${name}.yml`, `${name}.hit.jsonl`, `${name}.miss.jsonl`]),
    );
    assert.deepEqual(
      readdirSync(PACK).filter((file) => !known.has(file)),
      [],
    );
  });

  it('gives each rule its own id and name', () => {
    assert.equal(new Set(pack.rules.map((rule) => rule.id)).size, pack.rules.length);
    assert.equal(new Set(pack.rules.map((rule) => rule.name)).size, pack.rules.length);
  });

  for (const rule of pack.rules) {
    describe(rule.name, () => {
      it('says all that an analyst needs', () => {
        assert.equal(rule.path, `${rule.name}.yml`);
        assert.match(rule.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.equal(rule.author, 'Sealwatch');
        assert.equal(rule.license, 'Apache-2.0');
        for (const text of [rule.description, rule.runbook]) assert.ok(text !== null && text.length > 40);
        assert.ok(rule.falsepositives.length > 0);
        for (const family of ['attack.', 'owasp.asi', 'maestro.', 'nist.']) {
          assert.ok(
            rule.tags.some((tag) => tag.startsWith(family)),
            `a tag ${family}*`,
          );
        }
      });

      it('matches each of its hits', () => {
        const hits = samples(rule.name, 'hit');
        assert.ok(hits.length > 0, 'at least one hit');
        const silent = hits.filter(({ event }) => !pack.match(event).some((each) => each.id === rule.id));
        assert.deepEqual(
          silent.map(({ line }) => line),
          [],
        );
      });

      it('matches none of its near misses', () => {
        const misses = samples(rule.name, 'miss');
        assert.ok(misses.length > 0, 'at least one near miss');
        const loud = misses.filter(({ event }) => pack.match(event).some((each) => each.id === rule.id));
        assert.deepEqual(
          loud.map(({ line }) => line),
          [],
        );
      });
    });
  }
});

describe('docs/rules.md', () => {
  it('lists each rule of the pack with its level', () => {
    const page = readFileSync(join(PACK, '..', '..', 'docs', 'rules.md'), 'utf8');
    const missing = pack.rules.filter(({ name, level }) => !page.includes(`| \`${name}\` | ${level} |`));
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
  });
});
