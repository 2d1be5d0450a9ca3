import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { entryNames } from '../../../guard/environment/entry-names.ts';
import { sha256Hex } from '../../../inventory/index.ts';
import { artefact } from '../../approval/candidate.ts';
import { TempDirectory } from '../../temp-directory.ts';

/** Names of an entry whose env file is at a path and was sealed with a content. */
function namesOf(path: string, sealed: string, env_file: string | null = '.env'): readonly string[] {
  const file = { ...artefact('env-file', '.env', ''), path, sha256: sha256Hex(sealed) };
  const closure = { digest: '', artefacts: [file] };
  return entryNames({ env_keys: ['OWN'], env_file, closure });
}

test('names come from the entry and from its env file, without values', () => {
  using directory = new TempDirectory();
  const text = [
    ...['# OLD=1', '', 'API_KEY=x=y', '  export  TOKEN = "a', 'b"', "QUOTED='c'", 'EMPTY=', 'no assignment'],
    ...['1BAD=x', 'dotted.name-x=1', 'A B=c', 'export', 'LAST=1'],
  ].join('\n');
  const path = directory.write('.env', text);
  const names = ['OWN', 'API_KEY', 'TOKEN', 'QUOTED', 'EMPTY', 'dotted.name-x', 'LAST'];
  assert.deepEqual(namesOf(path, text), names);
  const windows = text.replaceAll('\n', '\r\n');
  assert.deepEqual(namesOf(directory.write('.env', windows), windows), names);
  symlinkSync(path, directory.at('link'));
  assert.deepEqual(namesOf(directory.at('link'), windows), names);
});

test('an env file that the entry does not name is read by others, not by the client', () => {
  using directory = new TempDirectory();
  assert.deepEqual(namesOf(directory.write('.env', 'A=1'), 'A=1', null), ['OWN']);
});

test('an env file that is not the one that was judged gives no names', () => {
  using directory = new TempDirectory();
  const path = directory.write('.env', 'LD_PRELOAD=/x.so');
  assert.deepEqual(namesOf(path, 'A=1'), ['OWN']);
  assert.deepEqual(namesOf(directory.at('none'), ''), ['OWN']);
  assert.deepEqual(namesOf(directory.path, ''), ['OWN']);
  const big = `A=${'x'.repeat(1024 * 1024)}`;
  assert.deepEqual(namesOf(directory.write('.env', big), big), ['OWN']);
});
