import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlFindings } from '../../../inventory/index.ts';
import type { Control, Severity } from '../../../wire/index.ts';

function severityOf(key: string, value: unknown, kind: Control['kind'] = 'trust'): Severity | null {
  const control: Control = {
    client: 'claude-code',
    kind,
    scope: 'user',
    user: 'u',
    project: null,
    path: '/home/u/.claude/settings.json',
    key,
    sha256: '0'.repeat(64),
    value: JSON.stringify(value),
  };
  const [found] = controlFindings(control);
  assert.ok(found === undefined || found.id === 'mcp_auto_approve');
  return found?.severity ?? null;
}

test('settings that answer for the user are found by what they give away', () => {
  const cases: readonly (readonly [string, unknown, Severity | null])[] = [
    ['enableAllProjectMcpServers', true, 'high'],
    ['enableAllProjectMcpServers', false, null],
    ['enabledMcpjsonServers', ['a'], 'low'],
    ['enabledMcpjsonServers', [], null],
    ['permissions.defaultMode', 'bypassPermissions', 'critical'],
    ['permissions.defaultMode', 'acceptEdits', 'medium'],
    ['permissions.defaultMode', 'plan', null],
    ['permissions.defaultMode', 'default', null],
    ['permissions.allow', ['Bash(*)'], 'high'],
    ['permissions.allow', ['Read', 'Bash(git status)', 'mcp__files__read'], null],
    ['chat.tools.autoApprove', true, 'critical'],
    ['chat.tools.global.autoApprove', true, 'critical'],
    ['chat.tools.global.autoApprove', false, null],
    ['chat.tools.terminal.autoApprove', { rm: true }, 'medium'],
    ['chat.tools.terminal.autoApprove', { rm: false }, null],
    ['chat.tools.terminal.enableAutoApprove', true, null],
    ['mcpAllowlist', ['*:*'], 'high'],
    ['mcpAllowlist', ['files:read'], null],
    ['permission', { '*': 'allow' }, 'high'],
    ['permission', { '*': 'ask', read: 'allow' }, null],
    ['security.workspace.trust.enabled', false, 'medium'],
    ['security.workspace.trust.enabled', true, null],
    ['autonomyLevel', 'auto-high', 'high'],
    ['autonomyLevel', 'normal', null],
    ['bypass_tool_permissions', true, 'critical'],
    ['approvals', { mode: 'off' }, 'high'],
    ['approvals', { mode: 'manual' }, null],
    ['approval_policy', 'never', 'high'],
    ['approval_policy', 'on-request', null],
    ['sandbox_mode', 'danger-full-access', 'high'],
    ['sandbox_mode', 'read-only', null],
    ['composer.yoloMode', true, 'high'],
    ['composer.yoloMode', false, null],
    ['theme', 'dark', null],
  ];
  for (const [key, value, severity] of cases)
    assert.equal(severityOf(key, value), severity, `${key}=${JSON.stringify(value)}`);
});

test('hooks and filters are no trust settings, and a value that was cut is no JSON', () => {
  assert.equal(severityOf('mcp.allowed', ['*'], 'filter'), null);
  assert.equal(severityOf('enableAllProjectMcpServers', true, 'hook'), null);
  const cut: Control = {
    client: 'x',
    kind: 'trust',
    scope: 'user',
    user: 'u',
    project: null,
    path: '/x',
    key: 'permissions.allow',
    sha256: '0',
    value: '["Bash(*)',
  };
  assert.deepEqual(controlFindings(cut), []);
});
