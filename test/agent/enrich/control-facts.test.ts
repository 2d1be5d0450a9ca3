import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlKey, factsOfControls } from '../../../agent/enrich/control-facts.ts';
import type { Control } from '../../../wire/index.ts';
import { digestOf } from '../../approval/candidate.ts';

function control(value: unknown, more: Partial<Control> = {}): Control {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    client: 'claude-code',
    kind: 'trust',
    scope: 'user',
    user: 'alice',
    project: null,
    path: '/home/alice/.claude/settings.json',
    key: 'permissions.allow',
    sha256: digestOf(text),
    value: text,
    ...more,
  };
}
const map = (...controls: readonly Control[]) => new Map(controls.map((each) => [controlKey(each), each]));

function fieldsOf(before: Control | null, after: Control | null) {
  const facts = factsOfControls(map(...(before ? [before] : [])), map(...(after ? [after] : [])), 1);
  assert.equal(facts.length, 1);
  return facts[0]?.fields ?? {};
}

test('items that came to a list and went from it are named', () => {
  const fields = fieldsOf(control(['a', 'b']), control(['b', 'c']));
  assert.deepEqual(fields['mcp.control_items_added'], ['c']);
  assert.deepEqual(fields['mcp.control_items_removed'], ['a']);
  const plugins = { kind: 'plugin', key: 'enabledPlugins' } as const;
  const on = fieldsOf(control({ x: false, y: true }, plugins), control({ x: true, y: true }, plugins));
  assert.deepEqual(on['mcp.control_items_added'], ['x=true']);
  assert.deepEqual(fieldsOf(null, control(['a']))['mcp.control_items_added'], ['a']);
  assert.deepEqual(fieldsOf(control(['a']), null)['mcp.control_items_removed'], ['a']);
});

test('of a value that was cut no items are named, of a single one and a file none', () => {
  const cut = fieldsOf(control(['a']), control('["a","b'));
  assert.ok(!('mcp.control_items_added' in cut));
  const whole = { kind: 'skill', key: '' } as const;
  assert.deepEqual(fieldsOf(null, control('', { ...whole, value: null }))['mcp.control_items_added'], []);
  assert.deepEqual(fieldsOf(control(false), control(true))['mcp.control_items_added'], []);
});

test('what a trust setting gives away is weighed before and after', () => {
  const mode = (value: string) =>
    control(value, { key: 'permissions.defaultMode', value: JSON.stringify(value) });
  const weigh = (before: Control | null, after: Control | null) => {
    const fields = fieldsOf(before, after);
    return [fields['mcp.control_severity'], fields['mcp.control_weakened']];
  };
  assert.deepEqual(weigh(null, mode('bypassPermissions')), ['critical', true]);
  assert.deepEqual(weigh(mode('acceptEdits'), mode('bypassPermissions')), ['critical', true]);
  assert.deepEqual(weigh(mode('bypassPermissions'), mode('acceptEdits')), ['medium', false]);
  assert.deepEqual(weigh(mode('bypassPermissions'), null), [null, false]);
  assert.deepEqual(weigh(control(['Read']), control(['Read', 'Edit'])), [null, false]);
});
