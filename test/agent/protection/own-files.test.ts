import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { OwnFiles, ownPlaces } from '../../../agent/protection/own-files.ts';
import { TempDirectory } from '../../temp-directory.ts';

function host(directory: TempDirectory) {
  const at = (...parts: string[]) => directory.at(...parts);
  directory.write('etc/agent.yml', 'a: 1\n');
  directory.write('state/agent.db', 'x', 0o600);
  for (const name of ['etc/system', 'usr/lib/systemd/system']) mkdirSync(at(name), { recursive: true });
  const units = [at('etc/system'), at('usr/lib/systemd/system')];
  const files = new OwnFiles(ownPlaces(at('etc/agent.yml'), at('etc/trust'), at('state'), units));
  const changes = () =>
    files
      .changes()
      .map(({ part, path, change }) => `${part} ${path.slice(directory.path.length + 1)} ${change}`)
      .sort();
  return { files, changes };
}

test('what is added, changed, opened to others, linked and removed is told once', () => {
  using directory = new TempDirectory();
  const { changes } = host(directory);
  assert.deepEqual(changes(), []);
  directory.write('etc/agent.yml', 'a: 2\n');
  directory.write('etc/agent.d/more.yml', '');
  directory.write('etc/trust/policy.json', '{}');
  directory.write('etc/system/sealwatch-agent.service', '');
  directory.write('etc/system/sealwatch-sensor.service.d/x.conf', '');
  directory.write('etc/system/other.service', '');
  assert.deepEqual(changes(), [
    'config etc/agent.d added',
    'config etc/agent.d/more.yml added',
    'config etc/agent.yml changed',
    'trust etc/trust/policy.json added',
    'unit etc/system/sealwatch-agent.service added',
    'unit etc/system/sealwatch-sensor.service.d added',
    'unit etc/system/sealwatch-sensor.service.d/x.conf added',
  ]);
  assert.deepEqual(changes(), []);
  chmodSync(directory.at('etc/agent.yml'), 0o666);
  rmSync(directory.at('etc/system/sealwatch-agent.service'));
  symlinkSync('/dev/null', directory.at('etc/system/sealwatch-agent.service'));
  rmSync(directory.at('etc/agent.d'), { recursive: true });
  assert.deepEqual(changes(), [
    'config etc/agent.d removed',
    'config etc/agent.d/more.yml removed',
    'config etc/agent.yml changed',
    'unit etc/system/sealwatch-agent.service changed',
  ]);
});

test('of the database it counts which file it is and whose, not what the agent writes into it', () => {
  using directory = new TempDirectory();
  const { files, changes } = host(directory);
  directory.write('state/agent.db', 'more', 0o600);
  assert.deepEqual(changes(), []);
  assert.equal(files.concerns(directory.at('state/agent.db')), false);
  chmodSync(directory.at('state/agent.db'), 0o666);
  assert.deepEqual(changes(), ['state state/agent.db changed']);
});

test('what does not exist yet is watched, and what lies in a directory that is dropped in', () => {
  using directory = new TempDirectory();
  const { files } = host(directory);
  const dropIn = directory.at('etc/system/sealwatch-agent.service.d');
  assert.ok(files.watch.trees.includes(dropIn));
  assert.ok(files.watch.files.includes(directory.at('etc/agent.yml')));
  assert.ok(files.concerns(dropIn));
  assert.ok(files.concerns(`${dropIn}/x.conf`));
  assert.ok(!files.concerns(directory.at('etc/system/other.service')));
});
