import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import {
  CentralError,
  type CentralErrorCode,
  centralConfigSchema,
  databaseOf,
  identityOf,
  loadCentralConfig,
} from '../../../central/index.ts';
import { described } from '../../../cli/manual/described-settings.ts';
import { settingRows } from '../../../cli/manual/doc-tables.ts';
import { settingsOf } from '../../../cli/manual/settings.ts';
import { TempDirectory } from '../../temp-directory.ts';

const page = readFileSync(new URL('../../../docs/central-config.md', import.meta.url), 'utf8');

function refused(text: string, code: CentralErrorCode, mode = 0o600): string {
  using directory = new TempDirectory();
  const path = directory.write('central.yml', text, mode);
  let message = '';
  assert.throws(
    () => loadCentralConfig(path),
    (error) => {
      assert.ok(error instanceof CentralError);
      assert.equal(error.code, code);
      message = error.message;
      return true;
    },
  );
  return message;
}

test('a config of its state directory alone is enough', () => {
  using directory = new TempDirectory();
  const config = loadCentralConfig(directory.write('central.yml', 'state_dir: /srv/central\n', 0o600));
  assert.equal(databaseOf(config), '/srv/central/central.db');
  assert.equal(identityOf(config).directory, '/srv/central/authority');
  assert.deepEqual(config.api.listen, { host: '127.0.0.1', port: 7300 });
  assert.equal(config.retention.keep_days, 90);
});

test('all faults are told at once, each with its line', () => {
  const message = refused(
    'state_dir: here\nlissten: x\nretention:\n  keep_days: 0\napi:\n  listen: nowhere\n',
    'CENTRAL_CONFIG_INVALID',
  );
  const lines = [...message.matchAll(/central\.yml:(\d+): ([\w.]+):/g)].map(
    ([, line, key]) => `${line} ${key}`,
  );
  assert.deepEqual(lines, ['1 state_dir', '2 lissten', '4 retention.keep_days', '6 api.listen']);
});

test('what is no YAML is told with its line', () => {
  assert.match(refused('state_dir: /srv\nnames: [a\n', 'CENTRAL_CONFIG_INVALID'), /central\.yml:[23]: /);
});

test('aliases that multiply are refused', () => {
  const bomb = 'a: &a [1,1,1,1]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n';
  assert.match(refused(bomb, 'CENTRAL_CONFIG_INVALID'), /alias/i);
});

test('a config that others can write is refused, and one in a directory that they can write', () => {
  refused('state_dir: /srv\n', 'CENTRAL_CONFIG_EXPOSED', 0o666);
  using directory = new TempDirectory();
  const path = directory.write('open/central.yml', 'state_dir: /srv\n', 0o600);
  chmodSync(join(path, '..'), 0o777);
  assert.throws(() => loadCentralConfig(path), { code: 'CENTRAL_CONFIG_EXPOSED' });
});

test('a config that is not there is told as such', () => {
  assert.throws(() => loadCentralConfig('/nowhere/central.yml'), { code: 'CENTRAL_CONFIG_UNREADABLE' });
});

test('every key is described, and none that does not exist', () => {
  const settings = settingsOf(centralConfigSchema);
  assert.ok(described(settings, settingRows(page)).length > 60);
});

test('the example of the page is taken as it stands', () => {
  using directory = new TempDirectory();
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  assert.ok(Object.keys(parse(example)).length > 5);
  loadCentralConfig(directory.write('central.yml', example, 0o600));
});
