import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ROLES } from '../../../central/bus/settings.ts';
import { centralConfigSchema } from '../../../central/config/settings.ts';

const COMPOSE = fileURLToPath(new URL('../../../packaging/compose/', import.meta.url));
const read = (path: string) => parse(readFileSync(`${COMPOSE}${path}`, 'utf8'), { merge: true });

test('every config of the compose files is one that central takes, and their nodes do everything together', () => {
  const files = readdirSync(`${COMPOSE}config`).filter((name) => name.endsWith('.yml'));
  const roles = files
    .filter((name) => name !== 'single.yml')
    .flatMap((name) => centralConfigSchema.parse(read(`config/${name}`)).roles);
  assert.deepEqual(new Set(roles), new Set(ROLES));
  assert.deepEqual(new Set(centralConfigSchema.parse(read('config/single.yml')).roles), new Set(ROLES));
});

test('what the services of the compose files mount is there, or is declared', () => {
  for (const file of ['single.yml', 'scale-out.yml']) {
    const { services, volumes } = read(file);
    for (const [name, { volumes: mounts = [] }] of Object.entries<{ volumes?: string[] }>(services)) {
      for (const mount of mounts) {
        const [source = ''] = mount.split(':');
        const isThere = source.startsWith('./config/')
          ? readdirSync(`${COMPOSE}config`).includes(source.slice('./config/'.length))
          : source === './secrets' || Object.hasOwn(volumes, source);
        assert.ok(isThere, `${file}: ${name} mounts ${source}`);
      }
    }
  }
});
