import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  compileRules,
  parseEventRecord,
  type Rule,
  type RuleEvent,
  RuleStream,
} from '../../rules/engine/index.ts';
import { PACK, ruleFiles } from './shared.ts';

const files = ruleFiles(PACK);
const pack = compileRules(files);

/** Rules of their own; the others are there for a correlation of the same file. */
const own = pack.rules.filter(({ name, path }) => path === `${name}.yml`);

interface Sample {
  readonly line: string;
  readonly event: RuleEvent;
  /** Milliseconds since the epoch; 0 where the sample has no time. */
  readonly time: number;
}

/** The samples of a rule in sequences, which a blank line separates; all but correlations have one. */
function sequences(name: string, kind: 'hit' | 'miss'): readonly (readonly Sample[])[] {
  const path = join(PACK, `${name}.${kind}.jsonl`);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split(/\n\s*\n/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''))
    .filter((lines) => lines.length > 0)
    .map((lines) =>
      lines.map((line) => {
        const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
        const time = Date.parse(String(record['@timestamp'] ?? '1970-01-01T00:00:00Z'));
        return { line, event: parseEventRecord(record), time };
      }),
    );
}

/** Whether a sequence of samples makes a correlation fire. */
function fires(rule: Rule, samples: readonly Sample[]): boolean {
  const stream = new RuleStream(pack);
  return samples
    .flatMap(({ event, time }) => stream.take(event, time))
    .some((hit) => hit.rule.id === rule.id);
}

function matches(rule: Rule, { event }: Sample): boolean {
  return pack.match(event).some(({ id }) => id === rule.id);
}

/** Names that feeds and their users rely on (docs/rules.md, "The pack"): none may go. */
const STABLE = [
  'mcp_server_added',
  'mcp_server_removed',
  'mcp_server_repointed',
  'mcp_env_changed',
  'mcp_auto_approve_widened',
  'mcp_config_unparseable',
  'mcp_config_writable_by_others',
  'mcp_config_symlink',
  'mcp_hook_added',
  'mcp_config_unexpected_writer',
  'mcp_closure_changed',
  'mcp_env_file_changed',
  'mcp_helper_writable',
  'mcp_unpinned_package',
  'mcp_self_rewrite',
  'mcp_hardcoded_secret',
  'mcp_unapproved_server_started',
  'mcp_unmanaged_server',
  'mcp_approval_expired',
  'mcp_approval_invalid',
  'mcp_trust_root_changed',
  'mcp_shell_spawn',
  'mcp_download_pipe_shell',
  'mcp_inline_code',
  'mcp_package_manager',
  'mcp_exec_from_writable_path',
  'mcp_fileless_exec',
  'mcp_renamed_shell',
  'mcp_privilege_escalation',
  'mcp_loader_injection',
  'mcp_detached_descendant',
  'mcp_recon_burst',
  'mcp_persistence',
  'mcp_security_tool_tamper',
  'mcp_credential_access',
  'mcp_cloud_metadata',
  'mcp_admin_interface',
  'mcp_new_destination',
  'mcp_reverse_shell',
  'mcp_tool_added',
  'mcp_tool_changed',
  'mcp_tool_poisoned',
  'mcp_tool_shadowed',
  'mcp_call_denied',
  'agent_sensor_degraded',
  'agent_events_lost',
  'agent_tampered',
  'agent_silent',
  'agent_clock_jump',
];

describe('the rule pack', () => {
  it('is taken whole', () => {
    assert.deepEqual(pack.refused, []);
    assert.deepEqual(pack.warnings, []);
    assert.equal(own.length, files.length);
  });

  it('keeps the names of the detections', () => {
    const present = new Set(own.map((rule) => rule.name));
    assert.deepEqual(
      STABLE.filter((name) => !present.has(name)),
      [],
    );
  });

  it('holds nothing but rules and their samples', () => {
    const known = new Set(
      own.flatMap(({ name }) => [`${name}.yml`, `${name}.hit.jsonl`, `${name}.miss.jsonl`]),
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

  it('has rules that raise nothing for correlations of their file alone', () => {
    for (const rule of pack.rules.filter((each) => !own.includes(each))) {
      assert.ok(pack.silent.has(rule), rule.name);
      assert.ok(
        pack.correlations.some((correlation) => correlation.rule.path === rule.path),
        rule.name,
      );
    }
    assert.deepEqual(
      own.filter((rule) => pack.silent.has(rule) && rule.level !== 'informational').map(({ name }) => name),
      [],
    );
  });

  for (const rule of own) {
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

      it('is raised by each of its hits and by none of its near misses', () => {
        const [hits, misses] = (['hit', 'miss'] as const).map((kind) => sequences(rule.name, kind));
        assert.ok(hits !== undefined && hits.length > 0, 'at least one hit');
        assert.ok(misses !== undefined && misses.length > 0, 'at least one near miss');
        if (rule.kind === 'correlation') {
          assert.deepEqual(
            hits.filter((samples) => !fires(rule, samples)),
            [],
          );
          assert.deepEqual(
            misses.filter((samples) => fires(rule, samples)),
            [],
          );
          return;
        }
        const lines = (samples: readonly Sample[]): readonly string[] => samples.map(({ line }) => line);
        assert.deepEqual(lines(hits.flat().filter((sample) => !matches(rule, sample))), []);
        assert.deepEqual(lines(misses.flat().filter((sample) => matches(rule, sample))), []);
      });
    });
  }
});

describe('docs/rules.md', () => {
  it('lists each rule of the pack as it is', () => {
    const page = readFileSync(join(PACK, '..', '..', 'docs', 'rules.md'), 'utf8');
    const rows = own.map(
      ({ name, level, title, falsepositives }) =>
        `| \`${name}\` | ${level} | ${title} | ${falsepositives.join('; ').replaceAll('|', '\\|')} |`,
    );
    assert.deepEqual(
      rows.filter((row) => !page.includes(row)),
      [],
    );
    assert.ok(page.includes(`${own.length} rules, the most severe first.`));
  });
});
