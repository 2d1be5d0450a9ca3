import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compileRules, parseEventRecord } from '../../rules/engine/index.ts';
import { sigmaCorpus } from './shared.ts';

interface Case {
  readonly event: unknown;
  readonly expect: boolean | null;
}
interface Vector {
  readonly source: string;
  readonly rule_yaml: string;
  readonly event?: unknown;
  readonly expect?: boolean | null;
  readonly cases?: readonly Case[];
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
}

const REQUIRED = [
  'generated_linux_macos',
  'generated_crossplatform',
  'pysigma_condition_truth_tables',
  'sigmahq_regression',
  'pysigma',
  'sigmalite',
  'sigma_go',
  'go_sigma_rule_engine',
  'rsigma_filters',
] as const;

const { dir, skip } = sigmaCorpus('vectors');
const load = (name: string): readonly Vector[] =>
  JSON.parse(readFileSync(join(dir, `${name}.json`), 'utf8')) as readonly Vector[];

describe('facts from other engines and from SigmaHQ', { skip }, () => {
  for (const name of REQUIRED) {
    it(`agrees with ${name}`, (t) => {
      let passed = 0;
      const failures: string[] = [];
      for (const vector of load(name)) {
        const { placeholders = {} } = vector;
        const set = compileRules([{ path: vector.source, text: vector.rule_yaml }], { placeholders });
        const [refused] = set.refused;
        if (refused !== undefined) {
          failures.push(`${vector.source}: ${refused.code} ${refused.message}\n${vector.rule_yaml}`);
          continue;
        }
        for (const { event, expect } of vector.cases ?? [{ event: vector.event, expect: vector.expect }]) {
          const hit = set.match(parseEventRecord(event)).length > 0;
          if (hit === expect) passed += 1;
          else failures.push(`${vector.source}: ${hit} for ${JSON.stringify(event)}\n${vector.rule_yaml}`);
        }
      }
      t.diagnostic(`${passed} agree, ${failures.length} differ`);
      assert.deepEqual(failures.slice(0, 5), []);
    });
  }
});
