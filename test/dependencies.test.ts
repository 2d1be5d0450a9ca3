import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
const manifest = JSON.parse(read('package.json'));

test('every run-time dependency is listed with its reason, and no other', () => {
  const [, section = ''] = read('docs/architecture.md').split(/^## Run-time dependencies$/m);
  const table = section.split(/^## /m)[0] ?? '';
  const listed = [...table.matchAll(/^\|\s*`([^`]+)`\s*\|\s*\S/gm)].map(([, name]) => name);
  assert.deepEqual(listed.sort(), Object.keys(manifest.dependencies).sort());
});

test('every dependency is pinned to one version', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
  }
});
