import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TempDirectory } from '../temp-directory.ts';
import { builder, PRODUCTS, type Product } from './builder-modules.ts';

interface Payload {
  paths(): readonly string[];
  read(path: string): Buffer;
}
interface Order {
  readonly root: string;
  readonly key: 'agent' | 'central';
  readonly product: Product;
  readonly format: 'deb' | 'rpm';
}

const { composeDocuments } = await builder<{ composeDocuments: (order: Order) => Payload }>('documents');

/** A checkout with a file of each kind. */
function checkout(): TempDirectory {
  const home = new TempDirectory();
  const paths = [
    ...['LICENSE', 'CHANGELOG.md', 'packaging/etc/agent.yml', 'packaging/etc/central.yml'],
    ...[
      'systemd/sealwatch-agent.service',
      'systemd/sealwatch-sensor.socket',
      'systemd/sealwatch-enrolment.path',
    ],
    ...['systemd/sealwatch-agent.sysusers.conf', 'systemd/sealwatch-agent.tmpfiles.conf'],
    ...['systemd/sealwatch-central.service', 'systemd/sealwatch-central.sysusers.conf'],
    ...[
      'packaging/man/sealwatch.1',
      'packaging/man/sealwatch-agent.yml.5',
      'packaging/man/sealwatch-central.8',
    ],
    ...['sealwatch.bash', '_sealwatch', 'sealwatch.fish', '_sealwatch-central'].map(
      (name) => `packaging/completions/${name}`,
    ),
  ];
  for (const path of paths) home.write(path, path);
  return home;
}

const places = (home: TempDirectory, key: 'agent' | 'central', format: 'deb' | 'rpm') =>
  composeDocuments({ root: home.path, key, product: PRODUCTS[key], format });

test('units, users, manual pages and completions of the agent go where the distributions look for them', () => {
  using home = checkout();
  const shared = [
    'etc/sealwatch/agent.yml',
    'usr/bin/sealwatch',
    'usr/lib/sysusers.d/sealwatch-agent.conf',
    'usr/lib/tmpfiles.d/sealwatch-agent.conf',
    'usr/share/bash-completion/completions/sealwatch',
    'usr/share/doc/sealwatch-agent/changelog.gz',
    'usr/share/doc/sealwatch-agent/copyright',
    'usr/share/fish/vendor_completions.d/sealwatch.fish',
    'usr/share/man/man1/sealwatch.1.gz',
    'usr/share/man/man5/sealwatch-agent.yml.5.gz',
  ];
  const units = ['sealwatch-agent.service', 'sealwatch-enrolment.path', 'sealwatch-sensor.socket'];
  const deb = places(home, 'agent', 'deb');
  const rpm = places(home, 'agent', 'rpm');
  assert.deepEqual(
    deb.paths(),
    [
      ...shared,
      ...units.map((unit) => `lib/systemd/system/${unit}`),
      'usr/share/zsh/vendor-completions/_sealwatch',
    ].sort(),
  );
  assert.deepEqual(
    rpm.paths(),
    [
      ...shared,
      ...units.map((unit) => `usr/lib/systemd/system/${unit}`),
      'usr/share/zsh/site-functions/_sealwatch',
    ].sort(),
  );
  assert.equal(
    String(gunzipSync(deb.read('usr/share/man/man1/sealwatch.1.gz'))),
    'packaging/man/sealwatch.1',
  );
});

test('central gets what is named after it, and a command that runs only its part', () => {
  using home = checkout();
  const deb = places(home, 'central', 'deb');
  assert.deepEqual(deb.paths(), [
    'etc/sealwatch/central.yml',
    'lib/systemd/system/sealwatch-central.service',
    'usr/bin/sealwatch-central',
    'usr/lib/sysusers.d/sealwatch-central.conf',
    'usr/share/doc/sealwatch-central/changelog.gz',
    'usr/share/doc/sealwatch-central/copyright',
    'usr/share/man/man8/sealwatch-central.8.gz',
    'usr/share/zsh/vendor-completions/_sealwatch-central',
  ]);
  assert.match(
    String(deb.read('usr/bin/sealwatch-central')),
    /^exec \/usr\/lib\/sealwatch-central\/bin\/sealwatch central "\$@"$/m,
  );
});

test('a file for systemd that belongs to no package fails the build', () => {
  using home = checkout();
  home.write('systemd/sealwatch-odd.timer', '');
  assert.throws(() => places(home, 'agent', 'deb'), /sealwatch-odd\.timer belongs to no package/);
});
