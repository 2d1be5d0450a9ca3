// Builds packages from a built checkout.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../../scripts/setup/command.mjs';
import { billOfMaterials } from './bill-of-materials.mjs';
import { bundleProgram } from './bundled.mjs';
import { carryPackages } from './carried.mjs';
import { signMachO } from './code-signing.mjs';
import { buildDeb } from './deb.mjs';
import { addCheckoutDocuments, composeDocuments } from './documents.mjs';
import { AGENT_PROGRAM, composeInstallation, sealInstallation } from './installation.mjs';
import { neededLibraries } from './libraries.mjs';
import { buildMacos } from './macos.mjs';
import { Payload } from './payload.mjs';
import { PRODUCTS } from './products.mjs';
import { run } from './program.mjs';
import { buildPrograms } from './programs.mjs';
import { openReleaseKey } from './release-key.mjs';
import { buildRpm } from './rpm.mjs';
import { carryRuntime } from './runtime.mjs';
import { writeSums } from './sums.mjs';
import { buildTarball } from './tarball.mjs';

const OWNER_EXECUTES = 0o500;

function sourceTime(root) {
  const given = process.env.SOURCE_DATE_EPOCH;
  const text =
    given ?? run('git', ['-C', root, 'log', '-1', '--format=%ct'], { hint: 'set SOURCE_DATE_EPOCH' });
  const epoch = Number(text);
  if (Number.isSafeInteger(epoch) && epoch > 0) return epoch;
  throw new SetupError(`SOURCE_DATE_EPOCH is not a time: ${text}`);
}

async function partsFor(order, platform, bundled) {
  const { root, arch, runtime, codesign } = order;
  const isLinux = platform.startsWith('linux-');
  const parts = {
    bundled,
    carried: carryPackages(root, platform),
    runtime: carryRuntime(root, platform, runtime),
    programs: isLinux
      ? await buildPrograms(root, arch)
      : { payload: new Payload(), missing: [], libbpf: null },
  };
  if (isLinux) return parts;
  parts.runtime.payload.addCopy(AGENT_PROGRAM, 'runtime/node', OWNER_EXECUTES);
  if (codesign === undefined) return parts;
  for (const part of ['carried', 'runtime'])
    parts[part].payload = signMachO(parts[part].payload, { root, work: order.work, identity: codesign });
  return parts;
}

/** Formats of Linux's distributions: an installation below /usr/lib, and what lies around it. */
async function buildForDistributions(order, formats, subject) {
  const { root, key } = order;
  const { key: name, product, parts } = subject;
  const installation = composeInstallation({ ...order, product, parts });
  const needed = neededLibraries(installation);
  await sealInstallation(installation, { ...order, product, platform: subject.platform }, key);
  return formats.map((format) => {
    const payload = composeDocuments({ root, key: name, product, format });
    payload.addAll(product.root, installation);
    const build = format === 'deb' ? buildDeb : buildRpm;
    return build({ ...order, product, needed, payload });
  });
}

/** An archive with the layout of a checkout, for people without a package manager. */
async function buildArchive(order, { key: name, product, parts, platform }) {
  const { root, version, key, work, epoch } = order;
  const installation = composeInstallation({ ...order, product, parts });
  addCheckoutDocuments(installation, { root, key: name, product });
  await sealInstallation(installation, { ...order, product, platform }, key);
  const directory = `${product.name}-${version}-${platform}`;
  installation.write(join(work, directory), epoch);
  return buildTarball({ ...order, name: directory });
}

async function buildFor(order, subject, formats) {
  const distributions = formats.filter((format) => format === 'deb' || format === 'rpm');
  const files = distributions.length > 0 ? await buildForDistributions(order, distributions, subject) : [];
  if (formats.includes('tar')) files.push(await buildArchive(order, subject));
  if (formats.includes('macos')) files.push(await buildMacos(order, subject));
  const { product, platform } = subject;
  const bill = `${product.name}-${order.version}-${platform}.cdx.json`;
  writeFileSync(join(order.out, bill), billOfMaterials({ ...order, ...subject }));
  return [...files, bill];
}

function platformsOf(formats, arch) {
  const linux = formats.filter((format) => format !== 'macos');
  const all = { [`linux-${arch}`]: linux, 'darwin-arm64': formats.filter((format) => format === 'macos') };
  return Object.entries(all).filter(([, wanted]) => wanted.length > 0);
}

/**
 * Builds the chosen packages into the directory `out` and says each file's name by `say`. `products` and `formats` are lists
 * of keys of PRODUCTS and of FORMATS, `arch` is x64 or arm64, `signKey` a key file. The same checkout, key and time of its last commit
 * give the same bytes. @throws {SetupError} where something is missing
 */
export async function buildPackages({ root, out, products, formats, arch, signKey, say, ...rest }) {
  const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const key = await openReleaseKey(root, signKey);
  if (key.made !== null) say(`signed by ${key.made}, a key of this checkout alone; --sign-key names another`);
  const work = mkdtempSync(join(tmpdir(), 'sealwatch-package-'));
  mkdirSync(out, { recursive: true });
  const { speed = 'best', version = own } = rest;
  const shared = { ...rest, root, out, arch, key, work, speed, version };
  const order = { ...shared, epoch: sourceTime(root) };
  try {
    const bundled = await bundleProgram(root);
    for (const [platform, wanted] of platformsOf(formats, arch)) {
      const parts = await partsFor(order, platform, bundled);
      if (products.includes('agent')) for (const line of parts.programs.missing) say(line);
      for (const name of products) {
        const files = await buildFor(order, { key: name, product: PRODUCTS[name], parts, platform }, wanted);
        for (const file of files) say(file);
      }
    }
    await writeSums(out, key);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
