// Manual pages, completions, units and configs: what lies outside of the root of an installation.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SetupError } from '../../scripts/setup/command.mjs';
import { EXECUTABLE, Payload } from './payload.mjs';
import { productOfDocument, SYSTEM_FILES } from './products.mjs';

/** Where the formats want what differs between them. */
const PLACES = {
  deb: { units: 'lib/systemd/system', zsh: 'usr/share/zsh/vendor-completions' },
  rpm: { units: 'usr/lib/systemd/system', zsh: 'usr/share/zsh/site-functions' },
};

function namesIn(directory) {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

/** Files of `systemd/` that belong to a product. @throws {SetupError} for one that the table does not know */
function systemFiles(root, key) {
  return namesIn(join(root, 'systemd')).filter((name) => {
    const owner = SYSTEM_FILES[name];
    if (owner === undefined)
      throw new SetupError(`systemd/${name} belongs to no package`, 'see packaging/builders/products.mjs');
    return owner === key;
  });
}

function systemPath(name, { units }) {
  const config = /^(.+)\.(sysusers|tmpfiles)\.conf$/.exec(name);
  return config === null ? join(units, name) : join('usr', 'lib', `${config[2]}.d`, `${config[1]}.conf`);
}

/** Manual pages of a product, by file name. */
function manualPages(root, key) {
  return namesIn(join(root, 'packaging', 'man')).filter(
    (name) => /\.[158]$/.test(name) && productOfDocument(name) === key,
  );
}

/** The shell and the command of a file with completions; null for anything else. */
function completionOf(name) {
  const found = /^_?(sealwatch(?:-central)?)(?:\.(bash|zsh|fish))?$/.exec(name);
  if (found === null) return null;
  return { command: found[1], shell: found[2] ?? (name.startsWith('_') ? 'zsh' : 'bash') };
}

/** Completions of a product: file name, command and shell. */
function completions(root, key) {
  return namesIn(join(root, 'packaging', 'completions')).flatMap((name) => {
    const found = completionOf(name);
    return found !== null && productOfDocument(name) === key ? [{ name, ...found }] : [];
  });
}

function completionPath({ command, shell }, { zsh }) {
  if (shell === 'bash') return join('usr/share/bash-completion/completions', command);
  return shell === 'zsh'
    ? join(zsh, `_${command}`)
    : join('usr/share/fish/vendor_completions.d', `${command}.fish`);
}

function addCommand(payload, { command, words, root }) {
  const at = join('usr', 'bin', command);
  if (words.length === 0) payload.addLink(at, `../${root.replace(/^usr\//, '')}/bin/sealwatch`);
  else payload.addContent(at, `#!/bin/sh\nexec /${root}/bin/sealwatch ${words.join(' ')} "$@"\n`, EXECUTABLE);
}

/** All that a package of a Linux distribution puts outside of the root. */
export function composeDocuments({ root, key, product, format }) {
  const places = PLACES[format];
  const payload = new Payload();
  addCommand(payload, product);
  payload.addFile(join('etc', 'sealwatch', product.config), join(root, 'packaging', 'etc', product.config));
  for (const name of systemFiles(root, key))
    payload.addFile(systemPath(name, places), join(root, 'systemd', name));
  for (const name of manualPages(root, key)) {
    const text = readFileSync(join(root, 'packaging', 'man', name));
    payload.addContent(
      join('usr/share/man', `man${name.at(-1)}`, `${name}.gz`),
      gzipSync(text, { level: 9 }),
    );
  }
  for (const completion of completions(root, key))
    payload.addFile(
      completionPath(completion, places),
      join(root, 'packaging', 'completions', completion.name),
    );
  const documents = join('usr', 'share', 'doc', product.name);
  payload.addFile(join(documents, 'copyright'), join(root, 'LICENSE'));
  payload.addContent(
    join(documents, 'changelog.gz'),
    gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }),
  );
  return payload;
}

/** The same for an archive, where the checkout has it; what installs a service out of it looks there. */
export function addCheckoutDocuments(payload, { root, key, product }) {
  const paths = [
    join('packaging', 'etc', product.config),
    ...systemFiles(root, key).map((name) => join('systemd', name)),
    ...manualPages(root, key).map((name) => join('packaging', 'man', name)),
    ...completions(root, key).map(({ name }) => join('packaging', 'completions', name)),
  ];
  for (const path of paths) payload.addFile(path, join(root, path));
}
