// Packages of Fedora, Red Hat, SUSE and their relatives; the spec is made of the same table as the deb.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rpmRequires } from './libraries.mjs';
import { rpmScripts } from './maintainer-scripts.mjs';
import { ARCHITECTURES } from './products.mjs';
import { run } from './program.mjs';

const RELEASE = '1';
/** Macros of rpm: w, the level, and the form. */
const COMPRESSION = { best: 'w6.xzdio', fast: 'w1.zstdio' };

function ownedDirectories(product, payload) {
  const own = [product.root, 'etc/sealwatch', `usr/share/doc/${product.name}`];
  return payload
    .directories()
    .filter((path) => own.some((top) => path === top || path.startsWith(`${top}/`)));
}

function fileList(product, payload) {
  const directories = ownedDirectories(product, payload).map(
    (path) => `%dir %attr(0755,root,root) "/${path}"`,
  );
  const files = payload.paths().map((path) => {
    const [kind, mode] = payload.kind(path).split(' ');
    const config = path === `etc/sealwatch/${product.config}` ? '%config(noreplace) ' : '';
    return `${config}%attr(${kind === 'l' ? '-' : mode},root,root) "/${path}"`;
  });
  return [...directories, ...files].join('\n');
}

function section(name, text) {
  return `%${name} -p /bin/sh\n${text.replaceAll('%', '%%')}\n`;
}

function spec({ product, version, needed, payload }, stage) {
  const requires = [...rpmRequires(needed), 'systemd'].map((name) => `Requires: ${name}`);
  const scripts = Object.entries(rpmScripts(product)).map(([name, text]) => section(name, text));
  return `Name: ${product.name}
Version: ${version}
Release: ${RELEASE}
Summary: ${product.summary}
License: Apache-2.0
AutoReqProv: no
${requires.join('\n')}

%description
Sealwatch keeps the approval of an MCP server true: it seals what may run, watches it, and reports or refuses what no longer
matches. This package carries its own runtime; nothing is compiled or fetched on the host.

%install
mkdir -p %{buildroot}
cp -a ${stage}/. %{buildroot}/

${scripts.join('\n')}
%files
${fileList(product, payload)}
`;
}

/** What keeps names of the builder and its clock out, and rpm from changing files. */
function settings(work, speed) {
  return {
    _topdir: join(work, 'rpm'),
    _dbpath: join(work, 'rpm', 'db'),
    _rpmfilename: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    _buildhost: 'sealwatch',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    source_date_epoch_from_changelog: '0',
    _build_id_links: 'none',
    debug_package: '%{nil}',
    __os_install_post: '%{nil}',
    __check_files: '%{nil}',
    _binary_payload: COMPRESSION[speed],
  };
}

/** Makes the rpm below `out` and gives its file name. `payload` is all that it installs. */
export function buildRpm(order) {
  const { product, version, arch, payload, epoch, speed, work, out } = order;
  const stage = join(work, `${product.name}-rpm`);
  payload.write(stage, epoch);
  mkdirSync(join(work, 'rpm'), { recursive: true });
  const file = join(work, 'rpm', `${product.name}.spec`);
  writeFileSync(file, spec(order, stage));
  const defines = Object.entries({ ...settings(work, speed), _rpmdir: out }).flatMap(([name, value]) => [
    '--define',
    `${name} ${value}`,
  ]);
  const target = ARCHITECTURES[arch].rpm;
  run('rpmbuild', ['-bb', '--target', `${target}-linux`, ...defines, file], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
    hint: 'on Debian: apt-get install -y rpm',
  });
  return `${product.name}-${version}-${RELEASE}.${target}.rpm`;
}
