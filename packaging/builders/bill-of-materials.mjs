// What a package is made of, as CycloneDX 1.6 JSON (ECMA-424).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceOf } from './licences.mjs';

const MILLISECONDS = 1000;
/** SPDX's identifier of Node's licence. */
const NODE_LICENCE = 'MIT';

function hashOf(integrity) {
  const [, digest] = /^sha512-(.+)$/.exec(integrity) ?? [];
  return digest === undefined
    ? []
    : [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }];
}

/** An identifier of SPDX, or an expression of several. */
function licences(name) {
  if (name === null) return {};
  return { licenses: [/[ ()]/.test(name) ? { expression: name } : { license: { id: name } }] };
}

/** Package URL of an npm package; a scope's @ is written %40. */
function npmUrl(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function npmComponent({ name, version, integrity, directory }) {
  const purl = npmUrl(name, version);
  const [group, short] = name.startsWith('@') ? name.split('/') : [undefined, name];
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: short,
    version,
    hashes: hashOf(integrity),
    ...licences(licenceOf(directory)),
    purl,
  };
}

function runtimeComponent({ name, version, integrity, replaced }) {
  const purl = npmUrl(name, version);
  const shared = { type: 'platform', 'bom-ref': purl, name, ...licences(NODE_LICENCE) };
  return replaced
    ? { ...shared, description: 'another build of Node than the one of npm' }
    : { ...shared, version, hashes: hashOf(integrity), purl };
}

/** SQLite is compiled into better-sqlite3. */
function sqliteComponent(carried) {
  const { directory } = carried.find(({ name }) => name === 'better-sqlite3');
  const header = readFileSync(join(directory, 'deps', 'sqlite3', 'sqlite3.h'), 'utf8');
  const version = /#define SQLITE_VERSION\s+"([0-9.]+)"/.exec(header)[1];
  const purl = `pkg:generic/sqlite@${version}`;
  return { type: 'library', 'bom-ref': purl, name: 'sqlite', version, ...licences('blessing'), purl };
}

/** libbpf is linked into the sensor; it comes from the builder's distribution. */
function libbpfComponent(version) {
  const purl = `pkg:generic/libbpf@${version}`;
  return { type: 'library', 'bom-ref': purl, name: 'libbpf', version, ...licences('BSD-2-Clause'), purl };
}

/** A UUID of version 8 (RFC 9562) that is the same for the same content. */
function serialNumber(content) {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The bill of one product for one platform, as text. */
export function billOfMaterials({ product, version, platform, parts, epoch }) {
  const { libbpf } = parts.programs;
  const npm = new Map(
    [...parts.bundled.packages, ...parts.carried.packages].map((each) => [each.path, each]),
  );
  const found = [
    ...[...npm.values()].map(npmComponent),
    runtimeComponent(parts.runtime.package),
    sqliteComponent(parts.carried.packages),
    ...(product.programs.includes('sensor') && libbpf !== null ? [libbpfComponent(libbpf)] : []),
  ];
  // npm may have one version in several places.
  const components = [...new Map(found.map((each) => [each['bom-ref'], each])).values()].sort((a, b) =>
    a['bom-ref'] < b['bom-ref'] ? -1 : 1,
  );
  const ref = `pkg:generic/${product.name}@${version}?platform=${platform}`;
  const subject = {
    type: 'application',
    'bom-ref': ref,
    name: product.name,
    version,
    ...licences('Apache-2.0'),
    purl: ref,
  };
  const dependencies = [
    { ref, dependsOn: components.map((each) => each['bom-ref']) },
    ...components.map((each) => ({ ref: each['bom-ref'] })),
  ];
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumber(JSON.stringify([subject, components])),
    version: 1,
    metadata: { timestamp: new Date(epoch * MILLISECONDS).toISOString(), component: subject },
    components,
    dependencies,
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}
