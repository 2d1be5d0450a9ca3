import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDiff } from '../../cli/config-diff.ts';

const diffOf = (before: string, after: string) =>
  configDiff({ path: '/c', before: Buffer.from(before), after: Buffer.from(after) });

test('a diff of a config shows what changes, with a few lines around', () => {
  assert.equal(
    diffOf('1\n2\n3\n4\n"a": "b"\n6\n', '1\n2\n3\n4\n"a": "c"\n6\n'),
    '--- /c\n+++ /c\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-"a": "b"\n+"a": "c"\n 6\n',
  );
});

test('no secret of a config is shown in its diff, in any format', () => {
  for (const text of [
    '{"env": {"API_KEY": "hunter2x"}, "args": []}',
    '{"headers": {"Authorization": "Bearer hunter2x"}}',
    '{"args": ["--api-key", "hunter2x"]}',
    '{"args": [\n  "--api-key",\n  "hunter2x"\n]}',
    "[mcp.env]\nDB_PASSWORD = 'hunter2x'",
    'env:\n  API_TOKEN: hunter2x # x\n',
    'args:\n  - --token\n  - hunter2x\n',
    'url: https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@hunter2x.example/?api_key=hunter2x',
  ]) {
    const diff = diffOf(`a\n${text}\n`, `b\n${text}\n`);
    assert.match(diff, /<redacted:/, text);
    assert.doesNotMatch(diff, /[" ]hunter2x|=hunter2x/, text);
  }
});
