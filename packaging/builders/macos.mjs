// What a .pkg for macOS is made of: its payload, its scripts, and the program that makes, signs and notarises it on a Mac.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeInstallation, sealInstallation } from './installation.mjs';
import { EXECUTABLE, Payload } from './payload.mjs';
import { buildTarball } from './tarball.mjs';

/** Where each product lies on a Mac; only root writes below /Library by default. */
const ROOTS = { agent: 'Library/Sealwatch', central: 'Library/SealwatchCentral' };

/** Fills in what differs between the products: `@NAME@`. */
function filled(root, file, values) {
  const text = readFileSync(join(root, 'packaging', 'macos', file), 'utf8');
  return text.replaceAll(/@([A-Z]+)@/g, (_, name) => values[name]);
}

/** Property lists of launchd whose label is the product's. */
function jobsOf(root, key) {
  const directory = join(root, 'packaging', 'macos');
  return existsSync(directory)
    ? readdirSync(directory).filter(
        (name) => name.startsWith(`dev.sealwatch.${key}`) && name.endsWith('.plist'),
      )
    : [];
}

/** The template of a config, which may be one for macOS. */
function configOf(root, name) {
  const own = join(root, 'packaging', 'macos', name);
  return existsSync(own) ? own : join(root, 'packaging', 'etc', name);
}

/** Writes the archive for a product and gives its file name. */
export async function buildMacos(order, { key: name, product, parts, platform }) {
  const { root, version, key, work, epoch } = order;
  const at = ROOTS[name];
  const installation = composeInstallation({ ...order, product: { ...product, programs: [] }, parts });
  installation.addFile(join('etc', product.config), configOf(root, product.config));
  await sealInstallation(installation, { ...order, product, platform }, key);
  const payload = new Payload();
  payload.addAll(join('payload', at), installation);
  for (const job of jobsOf(root, name))
    payload.addFile(join('payload', 'Library', 'LaunchDaemons', job), join(root, 'packaging', 'macos', job));
  if (name === 'agent')
    payload.addFile(
      join('payload', 'etc', 'newsyslog.d', 'sealwatch.conf'),
      join(root, 'packaging', 'macos', 'newsyslog.d', 'sealwatch.conf'),
    );
  const values = {
    NAME: product.name,
    VERSION: version,
    ROOT: `/${at}`,
    COMMAND: product.command,
    WORDS: product.words.join(' '),
    CONFIG: product.config,
    LABEL: `dev.sealwatch.${name}`,
  };
  for (const script of ['preinstall', 'postinstall'])
    payload.addContent(join('scripts', script), filled(root, join('scripts', script), values), EXECUTABLE);
  payload.addContent('build.sh', filled(root, 'build.sh', values), EXECUTABLE);
  payload.addContent('distribution.xml', filled(root, 'distribution.xml', values));
  const directory = `${product.name}-${version}-${platform}-pkg`;
  payload.write(join(work, directory), epoch);
  return buildTarball({ ...order, name: directory });
}
