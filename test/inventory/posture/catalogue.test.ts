import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FINDING_IDS, findingKind } from '../../../inventory/index.ts';

const page = readFileSync(new URL('../../../docs/findings.md', import.meta.url), 'utf8');
const [text = ''] = page.split(/^## /m);

/** The page's row of each id: `| id | severity | why | fix | mapping |`. */
const ROWS = new Map(
  [...text.matchAll(/^\| `(mcp_\w+)` \|(.*)\|$/gm)].map(([, id = '', rest = '']) => [
    id,
    rest.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')),
  ]),
);

test('the page has a row for every finding, and no other', () => {
  assert.deepEqual([...ROWS.keys()].sort(), [...FINDING_IDS].sort());
});

test('the rows say what the catalogue says', () => {
  for (const id of FINDING_IDS) {
    const kind = findingKind(id);
    assert.ok(kind !== null);
    const mapping = kind.tags.map((tag) => `\`${tag}\``).join(' ');
    assert.deepEqual(ROWS.get(id), [kind.severity, kind.why, kind.fix, mapping], id);
  }
});

test('every finding has its mappings, in the spelling that the rules use', () => {
  for (const id of FINDING_IDS) {
    const tags = findingKind(id)?.tags ?? [];
    for (const tag of tags)
      assert.match(
        tag,
        /^(?:attack\.t\d{4}(?:\.\d{3})?|owasp\.asi(?:0[1-9]|10)|maestro\.l[1-7]|nist\.csf\.(?:gv|id|pr|de|rs|rc)\.[a-z]{2}-\d{2})$/,
        `${id} ${tag}`,
      );
    for (const start of ['owasp.', 'maestro.', 'nist.csf.'])
      assert.ok(
        tags.some((tag) => tag.startsWith(start)),
        `${id} has no ${start}`,
      );
  }
});
