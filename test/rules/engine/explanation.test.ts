import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules } from '../../../rules/engine/index.ts';

const RULE = `title: T
id: one
logsource:
  category: process_creation
detection:
  selection_a:
    Image|endswith: [/nc, /ncat]
    CommandLine|contains|all: [-e, /bin/]
  selection_b:
    - User: root
    - N|gt: 5
  keywords: [secret]
  condition: selection_a and (selection_b or keywords) and not keywords
`;
const FILTER = 'title: F\nfilter:\n  rules: [one]\n  ours:\n    User: joe\n  condition: not ours\n';
const sources = [
  { path: 'r.yml', text: RULE },
  { path: 'f.yml', text: FILTER },
];
const EVENT = {
  fields: { Image: '/usr/bin/nc', CommandLine: 'nc -e /bin/sh', User: 'joe', N: [1, 7] },
  logsource: { category: 'process_creation', product: 'linux' },
};

describe('an explanation', () => {
  it('tells of each selection and each field whether it held, and why', () => {
    const explanation = compileRules(sources).explain('one', EVENT);
    assert.equal(explanation?.matched, false);
    assert.equal(explanation.logsource.held, true);
    assert.equal(explanation.inScope, null);
    assert.equal(explanation.search.held, true);
    assert.equal(explanation.search.condition, 'selection_a and (selection_b or keywords) and not keywords');
    assert.deepEqual(
      explanation.search.detections.map(({ name, held }) => [name, held]),
      [
        ['selection_a', true],
        ['selection_b', true],
        ['keywords', false],
      ],
    );
    const [first, second] = explanation.search.detections;
    assert.deepEqual(first?.alternatives[0]?.fields, [
      { key: 'Image|endswith', wanted: ['/nc', '/ncat'], actual: ['/usr/bin/nc'], held: true },
      { key: 'CommandLine|contains|all', wanted: ['-e', '/bin/'], actual: ['nc -e /bin/sh'], held: true },
    ]);
    assert.deepEqual(
      second?.alternatives.map(({ held }) => held),
      [false, true],
    );
    assert.deepEqual(
      explanation.filters.map(({ title, held }) => [title, held]),
      [['F', false]],
    );
  });

  it('tells of a log source that does not fit, though the rest does', () => {
    const set = compileRules(sources);
    const explanation = set.explain('T', {
      fields: { ...EVENT.fields, User: 'root' },
      logsource: { category: 'other' },
    });
    assert.equal(explanation?.matched, false);
    assert.equal(explanation.search.held, true);
    assert.equal(explanation.logsource.held, false);
  });

  it('tells of a rule that looks at servers only', () => {
    const set = compileRules([{ path: 'r.yml', text: RULE }], { scope: 'subtrees' });
    assert.equal(set.explain('one', EVENT)?.inScope, false);
    const inside = { ...EVENT, fields: { ...EVENT.fields, 'mcp.in_subtree': true } };
    assert.equal(set.explain('one', inside)?.inScope, true);
    assert.equal(set.explain('one', inside)?.matched, true);
  });

  it('is not there for a rule that is not', () => {
    assert.equal(compileRules(sources).explain('nobody', EVENT), undefined);
  });
});
