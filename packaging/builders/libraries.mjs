// The shared libraries that the programs of a package are linked to, as each format asks for them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../../scripts/setup/command.mjs';
import { run } from './program.mjs';

const ELF = Buffer.from('\x7fELF', 'latin1');
/** Debian's package of each library; those that were renamed for 64-bit times stand beside their old name. */
const DEBIAN = {
  'libc.so.6': 'libc6',
  'libm.so.6': 'libc6',
  'libdl.so.2': 'libc6',
  'libpthread.so.0': 'libc6',
  'ld-linux-x86-64.so.2': 'libc6',
  'ld-linux-aarch64.so.1': 'libc6',
  'libstdc++.so.6': 'libstdc++6',
  'libgcc_s.so.1': 'libgcc-s1',
  'libatomic.so.1': 'libatomic1',
  'libelf.so.1': 'libelf1 | libelf1t64',
  'libz.so.1': 'zlib1g',
  'libcrypto.so.3': 'libssl3 | libssl3t64',
};

function newest(versions) {
  const parts = (version) => version.split('.').map(Number);
  const order = (a, b) => parts(a)[0] - parts(b)[0] || (parts(a)[1] ?? 0) - (parts(b)[1] ?? 0);
  return [...versions].sort(order).at(-1);
}

/** What the ELF files of a payload need: `libraries`, their names, and `glibc`, the oldest version of it that will do. */
export function neededLibraries(payload) {
  const work = mkdtempSync(join(tmpdir(), 'sealwatch-elf-'));
  const libraries = new Set();
  const glibc = new Set();
  try {
    for (const [index, path] of payload.paths().entries()) {
      const bytes = payload.read(path);
      if (!bytes.subarray(0, ELF.length).equals(ELF)) continue;
      const copy = join(work, String(index));
      writeFileSync(copy, bytes);
      const text = run('readelf', ['--wide', '--dynamic', '--version-info', copy]);
      for (const [, name] of text.matchAll(/\(NEEDED\).*\[(.+)\]/g)) libraries.add(name);
      for (const [, version] of text.matchAll(/Name: GLIBC_([0-9.]+)\s/g)) glibc.add(version);
      rmSync(copy);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { libraries: [...libraries].sort(), glibc: newest(glibc) };
}

/** The same as Depends of Debian. @throws {SetupError} for a library whose package is not known */
export function debianDepends({ libraries, glibc }) {
  const packages = libraries.map((name) => {
    if (DEBIAN[name] === undefined)
      throw new SetupError(`the package of ${name} is not known`, 'see packaging/builders/libraries.mjs');
    return DEBIAN[name];
  });
  return [...new Set(packages)].sort().map((name) => (name === 'libc6' ? `libc6 (>= ${glibc})` : name));
}

/** The same as Requires of rpm, which names libraries themselves. */
export function rpmRequires({ libraries, glibc }) {
  const names = libraries.filter((name) => !name.startsWith('ld-linux'));
  return names.map((name) =>
    name === 'libc.so.6' ? `libc.so.6(GLIBC_${glibc})(64bit)` : `${name}()(64bit)`,
  );
}
