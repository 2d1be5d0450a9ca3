// Packages of Debian and its relatives; deb(5), deb-control(5).
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianDepends } from './libraries.mjs';
import { debScripts } from './maintainer-scripts.mjs';
import { ARCHITECTURES, PRODUCTS } from './products.mjs';
import { run } from './program.mjs';

const KIB = 1024;
/** One thread: several cut the data elsewhere. */
const COMPRESSION = { best: ['-Zxz', '-z6', '--threads-max=1'], fast: ['-Zzstd', '-z1', '--threads-max=1'] };

function control({ product, version, arch, needed, payload }) {
  const bytes = payload.paths().reduce((sum, path) => sum + payload.size(path), 0);
  return `Package: ${product.name}
Version: ${version}
Architecture: ${ARCHITECTURES[arch].deb}
Maintainer: The maintainers of Sealwatch <maintainers@sealwatch.dev>
Installed-Size: ${Math.ceil(bytes / KIB)}
Depends: ${[...debianDepends(needed), 'systemd'].join(', ')}
Section: admin
Priority: optional
Description: ${product.summary}
 Sealwatch keeps the approval of an MCP server true: it seals what may run,
 watches it, and reports or refuses what no longer matches. This package
 carries its own runtime; nothing is compiled or fetched on the host.
`;
}

function md5sums(payload) {
  const lines = payload
    .paths()
    .filter((path) => payload.kind(path).startsWith('f') && !path.startsWith('etc/'))
    .map((path) => `${createHash('md5').update(payload.read(path)).digest('hex')}  ${path}\n`);
  return lines.join('');
}

/** Makes the deb below `out` and gives its file name. `payload` is all that it installs. */
export function buildDeb({ product, version, arch, needed, payload, epoch, speed, work, out }) {
  const stage = join(work, `${product.name}-deb`);
  payload.write(stage, epoch);
  const meta = join(stage, 'DEBIAN');
  mkdirSync(meta);
  writeFileSync(join(meta, 'control'), control({ product, version, arch, needed, payload }));
  writeFileSync(join(meta, 'conffiles'), `/etc/sealwatch/${product.config}\n`);
  writeFileSync(join(meta, 'md5sums'), md5sums(payload));
  const others = Object.values(PRODUCTS).filter(({ name }) => name !== product.name);
  const scripts = debScripts(
    product,
    others.map(({ config }) => config),
  );
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(meta, name), text);
    chmodSync(join(meta, name), 0o755);
  }
  for (const name of ['control', 'conffiles', 'md5sums']) chmodSync(join(meta, name), 0o644);
  chmodSync(meta, 0o755);
  const file = `${product.name}_${version}_${ARCHITECTURES[arch].deb}.deb`;
  const words = ['--root-owner-group', ...COMPRESSION[speed], '--build'];
  run('dpkg-deb', [...words, stage, join(out, file)], { env: { SOURCE_DATE_EPOCH: String(epoch) } });
  return file;
}
