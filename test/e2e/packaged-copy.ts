import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { envelopeText } from '../../approval/envelope/dsse.ts';
import { composePackageManifest, PACKAGE_MANIFEST } from '../../approval/index.ts';
import type { ReleaseKeyPair } from '../agent/protection/installation.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
/** How files of a bundle name each other. */
const IMPORT = /["']\.\/([\w.-]+\.js)["']/g;

/** The files that the built command line consists of; older builds lie beside them. */
function bundleFiles(): readonly string[] {
  const directory = join(CHECKOUT, 'dist', 'bundle');
  const built = new Set(readdirSync(directory));
  const found = new Set<string>();
  const follow = (name: string): void => {
    // Texts within the bundle look like names, too.
    if (found.has(name) || !built.has(name)) return;
    found.add(name);
    for (const [, next = ''] of readFileSync(join(directory, name), 'utf8').matchAll(IMPORT)) follow(next);
  };
  for (const entry of ['start.js', 'worker.js']) follow(entry);
  return [...found];
}

/** The built checkout as a package lays it out, signed; what it shares with the checkout lies above its root. */
export class PackagedCopy {
  readonly root: string;

  constructor(context: TestContext) {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sealwatch-package-')));
    context.after(() => rmSync(directory, { recursive: true, force: true }));
    this.root = join(directory, 'root');
    symlinkSync(join(CHECKOUT, 'node_modules'), join(directory, 'node_modules'));
    mkdirSync(this.at('dist', 'bundle'), { recursive: true });
    for (const name of bundleFiles())
      cpSync(join(CHECKOUT, 'dist', 'bundle', name), this.at('dist', 'bundle', name));
    for (const name of ['bin', join('rules', 'mcp'), 'package.json'])
      cpSync(join(CHECKOUT, name), this.at(name), { recursive: true });
    const sensor = join(CHECKOUT, 'dist', 'sensor');
    if (!existsSync(sensor)) return;
    for (const name of ['sealwatch-sensor', 'sensor.bpf.o'])
      cpSync(join(sensor, name), this.at('dist', 'sensor', name), { recursive: true });
  }

  get main(): string {
    return this.at('dist', 'bundle', 'start.js');
  }

  at(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** Signs what lies there as a release. */
  async sign(version: string, key: ReleaseKeyPair): Promise<void> {
    const paths = readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .filter((path) => path !== PACKAGE_MANIFEST && path !== 'release.pub');
    const files = paths
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((path) => {
        const content = readFileSync(this.at(path));
        const executable = (statSync(this.at(path)).mode & 0o111) !== 0;
        return {
          path,
          sha256: createHash('sha256').update(content).digest('hex'),
          bytes: content.length,
          executable,
        };
      });
    const manifest = { package: 'sealwatch-agent', version, platform: 'linux-x64', files };
    writeFileSync(
      this.at(PACKAGE_MANIFEST),
      envelopeText(await composePackageManifest(manifest, key.signer)),
    );
    writeFileSync(this.at('release.pub'), key.pem);
  }
}
