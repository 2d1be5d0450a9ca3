// What a build for another architecture needs: a compiler, and the libraries of that architecture in a directory.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './program.mjs';

const TARGETS = {
  arm64: {
    compiler: 'aarch64-linux-gnu-gcc',
    packages: ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
    triplet: 'aarch64-linux-gnu',
    libraries: ['libbpf-dev', 'libelf-dev', 'libelf1', 'zlib1g-dev', 'zlib1g', 'libssl-dev', 'libssl3'],
  },
};

function ensureCompiler({ compiler, packages }) {
  try {
    run(compiler, ['--version']);
  } catch {
    run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...packages], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
}

/**
 * The libraries come by apt with a root of its own, so that no architecture is added to this machine. It believes the keys
 * and sources that the machine's apt believes.
 */
function fetchLibraries(target, arch, sysroot) {
  const work = `${sysroot}.${process.pid}`;
  for (const part of ['lists/partial', 'archives/partial', 'debs', 'root'])
    mkdirSync(join(work, part), { recursive: true });
  writeFileSync(join(work, 'status'), '');
  const config = join(work, 'apt.conf');
  const settings = [
    `APT::Architecture "${arch}";`,
    `APT::Architectures { "${arch}"; };`,
    `Dir::State "${work}";`,
    `Dir::State::status "${join(work, 'status')}";`,
    `Dir::State::lists "${join(work, 'lists')}";`,
    `Dir::Cache "${work}";`,
    'APT::Sandbox::User "root";',
  ];
  writeFileSync(config, `${settings.join('\n')}\n`);
  try {
    const options = { env: { APT_CONFIG: config }, cwd: join(work, 'debs') };
    run('apt-get', ['-qq', 'update'], options);
    run('apt-get', ['-qq', 'download', ...target.libraries], options);
    for (const name of readdirSync(join(work, 'debs')))
      run('dpkg-deb', ['-x', join(work, 'debs', name), join(work, 'root')]);
    renameSync(join(work, 'root'), sysroot);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Sees to the tools; gives flags for the compiler, variables for make and where libraries are described, or the reason in one line why it cannot. */
export async function prepareCross(root, arch) {
  const target = TARGETS[arch];
  const nothing = { flags: '', variables: [], descriptions: [] };
  if (target === undefined) return { ...nothing, reason: `nothing here builds for ${arch}` };
  const sysroot = join(root, '.cache', 'packages', `sysroot-${arch}`);
  try {
    ensureCompiler(target);
    if (!existsSync(sysroot)) fetchLibraries(target, arch, sysroot);
  } catch (error) {
    return { ...nothing, reason: error.message.split('\n')[0] };
  }
  const { triplet } = target;
  const include = [`-I${sysroot}/usr/include`, `-I${sysroot}/usr/include/${triplet}`];
  const libraries = [
    `-L${sysroot}/usr/lib/${triplet}`,
    `-Wl,-rpath-link,${sysroot}/usr/lib/${triplet}:${sysroot}/lib/${triplet}`,
  ];
  return {
    flags: [...include, ...libraries].join(' '),
    variables: [`CC=${target.compiler}`, `ARCH=${arch}`],
    descriptions: [`${sysroot}/usr/lib/${triplet}/pkgconfig`],
    reason: null,
  };
}
