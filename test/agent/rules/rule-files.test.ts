import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadRules, requireRules } from '../../../agent/rules/rule-files.ts';
import { TempDirectory } from '../../temp-directory.ts';

const RULE = 'title: good\ndetection:\n  s:\n    F: x\n  condition: s\n';

describe('the rules of an agent', () => {
  it('are taken although others beside them are refused', () => {
    using directory = new TempDirectory();
    directory.write('bad.yml', 'title: [\n');
    directory.write('deeper/good.yaml', RULE);
    const set = requireRules(loadRules([directory.path]));
    assert.deepEqual([set.rules.length, set.refused.length], [1, 1]);
  });

  it('are asked for: an agent that could never say a word does not start', () => {
    using directory = new TempDirectory();
    assert.throws(() => requireRules(loadRules([directory.path])), {
      code: 'AGENT_RULES_NONE',
      message: /there is no rule/,
    });
    directory.write('bad.yml', 'title: [\n');
    assert.throws(() => requireRules(loadRules([directory.path])), {
      code: 'AGENT_RULES_NONE',
      message: /none of 1 rule files can be used; the first: .*bad\.yml:2: .*RULE_YAML_INVALID/,
    });
  });
});
