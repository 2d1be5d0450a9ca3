// Writes packaging/man and packaging/completions anew; what is there and no longer made is removed.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findInstallation } from '../../dist/cli/installation.js';
import { packagedFiles } from '../../dist/cli/manual/edition.js';

const install = findInstallation();
const packaging = join(install.root, 'packaging');
const files = packagedFiles(install);
for (const directory of ['man', 'completions']) {
  rmSync(join(packaging, directory), { recursive: true, force: true });
}
for (const { path, text } of files) {
  const target = join(packaging, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
process.stdout.write(`${files.length} files written below ${packaging}\n`);
