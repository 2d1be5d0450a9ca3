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
] as const;

/** Rules that the engine refuses on purpose: the code, and why. */
const REFUSED_ON_PURPOSE = new Map([
  ['RULE_MODIFIER_UNSUPPORTED', '`expand` needs placeholder lists that nothing here fills'],
]);

const { dir, skip } = sigmaCorpus('vectors');
const load = (name: string): readonly Vector[] =>
  JSON.parse(readFileSync(join(dir, `${name}.json`), 'utf8')) as readonly Vector[];

describe('facts from other engines and from SigmaHQ', { skip }, () => {
  for (const name of REQUIRED) {
    it(`agrees with ${name}`, (t) => {
      const tally = { passed: 0, refused: 0 };
      const failures: string[] = [];
      for (const vector of load(name)) {
        const set = compileRules([{ path: vector.source, text: vector.rule_yaml }]);
        const cases = vector.cases ?? [{ event: vector.event, expect: vector.expect ?? null }];
        const [refused] = set.refused;
        if (refused !== undefined) {
          if (REFUSED_ON_PURPOSE.has(refused.code)) tally.refused += cases.length;
          else failures.push(`${vector.source}: ${refused.code} ${refused.message}\n${vector.rule_yaml}`);
          continue;
        }
        for (const { event, expect } of cases) {
          const hit = set.match(parseEventRecord(event)).length > 0;
          if (hit === expect) tally.passed += 1;
          else failures.push(`${vector.source}: ${hit} for ${JSON.stringify(event)}\n${vector.rule_yaml}`);
        }
      }
      t.diagnostic(`${tally.passed} agree, ${tally.refused} refused on purpose, ${failures.length} differ`);
      assert.deepEqual(failures.slice(0, 5), []);
    });
  }
});
