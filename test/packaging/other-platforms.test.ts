import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parse } from 'plist';
import { haveProgram } from '../debian-package.ts';
import { BuiltPackages, printed, VERSION } from './built-packages.ts';
import { checkListing, linesOfTar } from './listing.ts';
import { checkManifest, filesBelow } from './unpacked.ts';

/** Stands for Apple's program: the file that is named last changes. */
const CODESIGN = '#!/bin/sh\nfor last in "$@"; do :; done\nprintf signed >> "$last"\n';
const UNREACHABLE = 'the npm registry cannot be reached';
/** e_machine of ELF: elf.h, EM_AARCH64 and EM_BPF. */
const EM_AARCH64 = 183;
const EM_BPF = 247;
const E_MACHINE_AT = 18;

const whyNot =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? 'the golden files are of what linux-x64 builds'
    : !haveProgram('dpkg-deb', 'dpkg') && 'dpkg is not here';

describe('packages for other platforms', { skip: whyNot }, () => {
  const built = new BuiltPackages();
  after(() => built[Symbol.dispose]());

  it('macOS: the payload holds what its golden file says, signed before its manifest was made', (test) => {
    built.home.write('stubs/codesign', CODESIGN, 0o755);
    const words = ['--format', 'macos', '--only', 'agent', '--codesign', 'Developer ID Application: Test'];
    const result = built.buildByRegistry('macos', words, undefined, built.home.at('stubs'));
    if (result === null) return test.skip(UNREACHABLE);
    const name = `sealwatch-agent-${VERSION}-darwin-arm64-pkg`;
    checkListing(
      'sealwatch-agent.macos',
      linesOfTar(printed('tar', ['-tvzf', join(result.out, `${name}.tar.gz`)])),
    );
    printed('tar', ['-xzf', join(result.out, `${name}.tar.gz`), '-C', built.home.path]);
    const directory = built.home.at(name);
    const root = join(directory, 'payload', 'Library', 'Sealwatch');
    checkManifest(root);
    const signed = filesBelow(root).filter(
      (path) => readFileSync(join(root, path)).subarray(-6).toString() === 'signed',
    );
    assert.deepEqual(signed.toSorted(), [
      'libexec/sealwatch-agent',
      'node_modules/@parcel/watcher-darwin-arm64/watcher.node',
      'node_modules/better-sqlite3/prebuilds/darwin-arm64.node',
      'runtime/node',
    ]);
    for (const script of ['build.sh', 'scripts/preinstall', 'scripts/postinstall']) {
      printed('sh', ['-n', join(directory, script)]);
      assert.doesNotMatch(readFileSync(join(directory, script), 'utf8'), /@[A-Z]+@/);
    }
    const jobs = join(directory, 'payload', 'Library', 'LaunchDaemons');
    for (const job of filesBelow(directory).some((path) => path.includes('LaunchDaemons'))
      ? readdirSync(jobs)
      : [])
      assert.equal(typeof parse(readFileSync(join(jobs, job), 'utf8')), 'object');
  });

  it('arm64: every program and native module is for that architecture', (test) => {
    const words = ['--format', 'deb', '--only', 'agent', '--arch', 'arm64'];
    const result = built.buildByRegistry('arm64', words);
    if (result === null) return test.skip(UNREACHABLE);
    const root = built.home.at('arm64-root');
    mkdirSync(root);
    const deb = join(result.out, `sealwatch-agent_${VERSION}_arm64.deb`);
    printed('dpkg-deb', ['-x', deb, root]);
    checkManifest(join(root, 'usr', 'lib', 'sealwatch'));
    const machines = new Map(
      filesBelow(root).flatMap((path) => {
        const bytes = readFileSync(join(root, path));
        const isElf = bytes.subarray(0, 4).toString('latin1') === '\x7fELF';
        return isElf ? [[path.split('/').at(-1) ?? '', bytes.readUInt16LE(E_MACHINE_AT)] as const] : [];
      }),
    );
    const native = ['node', 'linux-arm64.node', 'watcher.node'];
    const programs = ['sealwatch-launcher', 'sealwatch-notify', 'sealwatch-relay', 'sealwatch-sensor'];
    const left = programs.filter((name) => result.said.includes(`${name} is left out: `));
    if (left.length > 0) test.diagnostic(`not built here: ${left.join(', ')}`);
    const there = programs.filter((name) => !left.includes(name));
    const expected = [...native, ...there].map((name) => [name, EM_AARCH64] as const);
    const bpf = there.includes('sealwatch-sensor') ? [['sensor.bpf.o', EM_BPF] as const] : [];
    assert.deepEqual(machines, new Map([...expected, ...bpf]));
    assert.match(printed('dpkg-deb', ['--field', deb, 'Architecture']), /^arm64$/m);
  });
});
