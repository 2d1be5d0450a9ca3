import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CompileOptions, compileRules, type FieldValue } from '../../../rules/engine/index.ts';

const rule = (field: string, logsource: string): string =>
  `title: t\nlogsource: ${logsource}\ndetection:\n  s:\n    ${field}\n  condition: s\n`;
const COMMUNITY = rule('Image|endswith: /nc', '{category: process_creation, product: linux}');

function hits(text: string, fields: Record<string, FieldValue>, options: CompileOptions): number {
  const set = compileRules([{ path: 't.yml', text }], options);
  assert.deepEqual(set.refused, []);
  const logsource = { category: 'process_creation', product: 'linux' };
  return set.match({ fields, logsource }).length;
}

describe('the scope of rules', () => {
  const inside = { Image: '/bin/nc', 'mcp.in_subtree': true, 'mcp.in_launch_chain': false };
  const launch = { ...inside, 'mcp.in_launch_chain': true };
  const outside = { Image: '/bin/nc', 'mcp.in_subtree': false };

  it('of servers keeps a rule for any host to what servers do themselves', () => {
    const scope = 'subtrees';
    assert.equal(hits(COMMUNITY, inside, { scope }), 1);
    assert.equal(hits(COMMUNITY, launch, { scope }), 0);
    assert.equal(hits(COMMUNITY, outside, { scope }), 0);
    assert.equal(hits(COMMUNITY, { Image: '/bin/nc' }, { scope }), 0);
  });

  it('of the host looks at everything', () => {
    for (const fields of [inside, launch, outside])
      assert.equal(hits(COMMUNITY, fields, { scope: 'host' }), 1);
    assert.equal(hits(COMMUNITY, outside, {}), 1);
  });

  it('leaves alone what says of MCP itself, and what is no matter of hosts', () => {
    const ours = rule('mcp.in_subtree: false', '{category: process_creation, product: linux}');
    assert.equal(hits(ours, outside, { scope: 'subtrees' }), 1);
    const set = compileRules([{ path: 't.yml', text: rule('F: x', '{product: sealwatch}') }], {
      scope: 'subtrees',
    });
    assert.equal(set.match({ fields: { F: 'x' }, logsource: { product: 'sealwatch' } }).length, 1);
  });
});

describe('a taxonomy', () => {
  it('of the Elastic Common Schema sees the same events', () => {
    const text = `taxonomy: ecs\n${rule('process.executable|endswith: /nc', '{category: process_creation}')}`;
    assert.equal(hits(text, { Image: '/bin/nc' }, {}), 1);
    const set = compileRules([{ path: 't.yml', text }]);
    assert.equal(set.match({ fields: { 'process.executable': '/bin/nc' } }).length, 0);
  });
});

describe('an adjustment', () => {
  const text = `id: one\nname: first\nlevel: high\n${COMMUNITY}`;

  it('changes a level, by id, name or title', () => {
    for (const name of ['one', 'first', 't']) {
      const { rules } = compileRules([{ path: 't.yml', text }], {
        adjustments: [{ rule: name, level: 'low' }],
      });
      assert.equal(rules[0]?.level, 'low', name);
    }
  });

  it('disables a rule: it matches, and raises nothing', () => {
    const set = compileRules([{ path: 't.yml', text }], { adjustments: [{ rule: 'first', disable: true }] });
    assert.equal(set.match({ fields: { Image: '/bin/nc' } }).length, 1);
    assert.deepEqual([...set.silent], set.rules);
  });

  it('warns where it names no rule', () => {
    const { warnings } = compileRules([{ path: 't.yml', text }], {
      adjustments: [{ rule: 'nobody', level: 'low' }],
    });
    assert.deepEqual(
      warnings.map(({ code, path }) => ({ code, path })),
      [{ code: 'RULE_ADJUSTMENT_WITHOUT_EFFECT', path: 'nobody' }],
    );
  });
});

describe('the tables of a rule set', () => {
  it('are built when asked for, before the first event', () => {
    const set = compileRules([{ path: 't.yml', text: COMMUNITY }]);
    assert.equal(set.bytes, 0);
    set.prepare([{ category: 'process_creation', product: 'linux' }]);
    const { bytes } = set;
    assert.ok(bytes > 0);
    set.match({
      fields: { Image: '/bin/nc' },
      logsource: { category: 'process_creation', product: 'linux' },
    });
    assert.equal(set.bytes, bytes);
  });
});
