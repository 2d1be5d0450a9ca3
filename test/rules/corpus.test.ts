import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules } from '../../rules/engine/index.ts';
import { ruleFiles, sigmaCorpus } from './shared.ts';

/** Codes with which rules of the corpus may be refused: what Sigma 2 dropped. */
const STATED = ['RULE_AGGREGATION_UNSUPPORTED'];

const { dir, skip } = sigmaCorpus('rules');

describe('the SigmaHQ rules of the corpus', { skip }, () => {
  it('load, but for the Sigma 1 aggregations among the unsupported', (t) => {
    const files = ruleFiles(dir);
    const { rules, refused } = compileRules(files);
    t.diagnostic(`${rules.length} of ${files.length} rules loaded, ${refused.length} refused`);
    assert.deepEqual(
      refused.filter(({ code, path }) => !STATED.includes(code) || !path.startsWith('unsupported/')),
      [],
    );
    assert.equal(rules.length + refused.length, files.length);
  });

  it('name their authors', () => {
    assert.deepEqual(
      compileRules(ruleFiles(dir)).rules.filter(({ author }) => author === null),
      [],
    );
  });
});
