import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLIENTS, findClient } from '../../../inventory/clients/catalogue.ts';
import type { Client, Place, Platform } from '../../../inventory/clients/client.ts';
import { placeLines, settingLines } from './catalogue-lines.ts';
import { clientTable, variableTable } from './client-table.ts';
import { assertGolden } from './golden.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CLIENT_FILES = join(ROOT, 'inventory/clients');
/** What is no client: the types, the catalogue, and the short forms the others are written in. */
const NO_CLIENTS: ReadonlySet<string> = new Set(['client.ts', 'catalogue.ts', 'locations.ts', 'editors.ts']);
const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'win32'];

function placesOf(client: Client): readonly Place[] {
  return [
    ...client.locations,
    ...(client.sharedLocations ?? []),
    ...(client.controlFiles ?? []),
    ...(client.projectRecords ?? []),
    ...(client.signs ?? []),
  ];
}

test('no id or alias stands for two clients', () => {
  const names = CLIENTS.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
  for (const client of CLIENTS) {
    assert.equal(findClient(client.id), client);
    for (const alias of client.aliases ?? []) assert.equal(findClient(alias), client);
  }
});

test('every client that has a file is in the catalogue, and nothing else is', async () => {
  const files = readdirSync(CLIENT_FILES).filter((name) => !NO_CLIENTS.has(name));
  const inFiles = new Set<unknown>();
  for (const name of files) {
    const module: Readonly<Record<string, unknown>> = await import(join(CLIENT_FILES, name));
    const clients = Object.values(module).filter((value) => CLIENTS.some((client) => client === value));
    assert.ok(clients.length > 0, `${name} has no client that is in the catalogue`);
    for (const client of clients) inFiles.add(client);
  }
  assert.deepEqual(
    CLIENTS.filter((client) => !inFiles.has(client)).map(({ id }) => id),
    [],
  );
});

test('every place is relative, leads nowhere up and has no empty segment', () => {
  for (const client of CLIENTS) {
    for (const { path, movedBy = [] } of placesOf(client)) {
      for (const text of [path, ...movedBy.map((move) => move.path)]) {
        if (text === '') continue;
        const segments = text.split('/');
        assert.ok(!segments.includes('') && !segments.includes('..'), `${client.id}: ${text}`);
        assert.ok(
          !text.includes('\\') && !text.includes('~') && !text.includes('$'),
          `${client.id}: ${text}`,
        );
      }
      for (const { variable } of movedBy) assert.match(variable, /^[A-Z][A-Z0-9_]+$/);
    }
    for (const { path, base } of client.locations) assert.ok(path !== '', `${client.id} at ${base}`);
  }
});

test('scope and base belong together, and a file that is read has something to be read', () => {
  for (const client of CLIENTS) {
    for (const location of [...client.locations, ...(client.sharedLocations ?? [])]) {
      const where = `${client.id}: ${location.path}`;
      assert.equal(location.base === 'project', location.scope === 'project', where);
      if (location.base === 'system' || location.base === 'programdata')
        assert.equal(location.scope, 'managed', where);
      assert.ok(location.containers.length + (location.controls ?? []).length > 0, where);
      if (location.ancestors === true) assert.equal(location.base, 'project', where);
    }
    for (const file of client.controlFiles ?? [])
      assert.equal(file.base === 'project', file.scope === 'project', `${client.id}: ${file.path}`);
  }
});

test('a client that reads files of others says where it shows that it is there', () => {
  for (const client of CLIENTS) {
    const shares = (client.sharedLocations ?? []).length > 0;
    assert.equal((client.signs ?? []).length > 0, shares, client.id);
  }
});

test('bases that exist on one system only are named for it', () => {
  for (const client of CLIENTS) {
    for (const { base, platforms, path } of placesOf(client)) {
      if (base === 'localappdata' || base === 'programdata')
        assert.deepEqual(platforms, ['win32'], `${client.id}: ${path}`);
      if (base === 'system') assert.equal(platforms?.length, 1, `${client.id}: ${path}`);
    }
  }
});

for (const platform of PLATFORMS) {
  test(`the places on ${platform} are those that were reviewed`, () => {
    const file = join(ROOT, 'test/golden/clients', `${platform}.txt`);
    assertGolden(file, `${placeLines(CLIENTS, platform).join('\n')}\n`);
  });
}

test('the settings that decide beside the servers are those that were reviewed', () => {
  const file = join(ROOT, 'test/golden/clients/settings.txt');
  assertGolden(file, `${settingLines(CLIENTS).join('\n')}\n`);
});

test('docs/clients.md says what the catalogue says', () => {
  const file = join(ROOT, 'docs/clients.md');
  const tables = { clients: clientTable(CLIENTS), variables: variableTable(CLIENTS) };
  let text = readFileSync(file, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    const block = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
    assert.match(text, block);
    text = text.replace(block, (_, start: string, end: string) => `${start}${table}${end}`);
  }
  assertGolden(file, text);
});
