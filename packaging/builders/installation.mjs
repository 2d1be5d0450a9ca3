// What lies below the root of an installation: the layout of a built checkout, without what only building needs.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceText } from './licences.mjs';
import { EXECUTABLE, Payload } from './payload.mjs';

const RELEASE_KEY = 'release.pub';

function addRules(payload, root) {
  const below = join('rules', 'mcp');
  const names = readdirSync(join(root, below)).filter((name) => name.endsWith('.yml'));
  for (const name of names) payload.addFile(join(below, name), join(root, below, name));
}

/**
 * macOS: the runtime once more, for the agent alone. Full Disk Access is given to it, and only root may execute it; given to the runtime,
 * anybody's script would have it.
 */
export const AGENT_PROGRAM = 'libexec/sealwatch-agent';

function packageJson(root, version) {
  const { name, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `${JSON.stringify({ name, version, license, private: true, type: 'module' }, null, 2)}\n`;
}

/** Puts the parts that a build made together: `parts` are `bundled`, `carried`, `runtime` and `programs`. */
export function composeInstallation({ root, version, product, parts }) {
  const { bundled, carried, runtime, programs } = parts;
  const payload = new Payload();
  payload.addFile('bin/sealwatch', join(root, 'bin', 'sealwatch'), EXECUTABLE);
  payload.addContent('package.json', packageJson(root, version));
  payload.addFile('LICENSE', join(root, 'LICENSE'));
  payload.addContent('THIRD-PARTY-LICENSES.txt', licenceText([...bundled.packages, ...carried.packages]));
  addRules(payload, root);
  payload.addAll('', bundled.payload);
  payload.addAll('', carried.payload);
  payload.addAll('', runtime.payload, (path) => path !== AGENT_PROGRAM || product.config === 'agent.yml');
  payload.addAll('', programs.payload, (path) => product.programs.includes(path.split('/')[1]));
  return payload;
}

/** Adds the manifest of all files and the key that signed it; nothing may be added afterwards. */
export async function sealInstallation(payload, { product, version, platform }, key) {
  const { composePackageManifest, envelopeText, PACKAGE_MANIFEST } = await import(
    '../../dist/approval/index.js'
  );
  payload.addContent(RELEASE_KEY, key.publicText);
  const files = payload.paths().map((path) => {
    const bytes = payload.read(path);
    return {
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      executable: payload.isExecutable(path),
    };
  });
  const manifest = { package: product.name, version, platform, files };
  payload.addContent(PACKAGE_MANIFEST, envelopeText(await composePackageManifest(manifest, key.signer)));
}
