import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../agent/config.ts';
import { loadCentralConfig } from '../../central/config/config.ts';
import { TempDirectory } from '../temp-directory.ts';
import { ROOT } from './built-packages.ts';

/** Keys that a template shows behind a # and a space. */
const SHOWN = /^# (?=[a-z_]+:| {2})/gm;

function template(name: string): string {
  return readFileSync(join(ROOT, 'packaging', 'etc', name), 'utf8');
}

test('the config that comes with the agent package is one that the agent takes, also with all that it shows', () => {
  using home = new TempDirectory();
  const config = loadConfig(home.write('agent.yml', template('agent.yml')));
  assert.equal(config.state_dir, '/var/lib/sealwatch');
  assert.equal(config.central.token_file, '/run/credentials/sealwatch-agent.service/enrolment-token');
  const shown = loadConfig(home.write('shown.yml', template('agent.yml').replaceAll(SHOWN, '')));
  assert.deepEqual([shown.group, shown.roots], ['laptops', ['/srv/projects']]);
});

test('the config that comes with the central package is one that central takes, also with all that it shows', () => {
  using home = new TempDirectory();
  const config = loadCentralConfig(home.write('central.yml', template('central.yml')));
  assert.equal(config.state_dir, '/var/lib/sealwatch-central');
  const shown = loadCentralConfig(home.write('shown.yml', template('central.yml').replaceAll(SHOWN, '')));
  assert.deepEqual([shown.names, shown.feeds.length], [['central.example.com'], 2]);
});
