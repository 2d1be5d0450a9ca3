import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shadowsOf } from '../../../guard/tools/shadows.ts';
import { readTools } from '../../../guard/tools/tool.ts';

const OTHERS = new Map([
  ['files', ['read_file', 'search', 'list']],
  ['web', ['search', 'modern']],
]);

function shadows(...names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(shadowsOf(readTools({ tools: names.map((name) => ({ name })) }).tools, OTHERS));
}

test('a tool with the name of other servers’ tools shadows each of them', () => {
  assert.deepEqual(shadows('search', 'add'), { search: ['files/search', 'web/search'] });
});

test('a name that looks like that of another tool shadows it', () => {
  for (const name of [
    'read_fi1e',
    'read_fiIe',
    'read-file',
    'Read_File',
    'r\u0435ad_file',
    'read\u200b_file',
    '\uff52ead_file',
  ])
    assert.deepEqual(shadows(name), { [name]: ['files/read_file'] }, name);
  assert.deepEqual(shadows('modem'), { modem: ['web/modern'] });
});

test('a name that only begins alike, or is alike in meaning, shadows nothing', () => {
  assert.deepEqual(shadows('read_files', 'read_text_file', 'lists', 'searches', 'find', 'readFile'), {});
  assert.deepEqual(Object.fromEntries(shadowsOf([], OTHERS)), {});
});
