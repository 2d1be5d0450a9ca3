import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envelopeText } from '../../../approval/envelope/dsse.ts';
import { composePackageManifest, PACKAGE_MANIFEST } from '../../../approval/index.ts';
import { keyId } from '../../../approval/keys/public-key.ts';
import { keyPair } from '../../approval/envelope/key-pair.ts';
import type { TempDirectory } from '../../temp-directory.ts';

/** What a small release consists of: path, content, whether it may be executed. */
export type Contents = readonly (readonly [path: string, content: string, executable: boolean])[];

export const CONTENTS: Contents = [
  ['bin/sealwatch', '#!/bin/sh\n', true],
  ['dist/bundle/start.js', 'console.log(1);\n', false],
  ['node_modules/ws/index.js', 'module.exports = {};\n', false],
  ['package.json', '{"version":"0.2.0"}\n', false],
  ['rules/mcp/a.yml', 'title: a\n', false],
  ['runtime/node', '\x7fELF'.repeat(1_000), true],
];

/** A key of releases, with the id that its public key has. */
export function releaseKeyPair() {
  const { signer, root } = keyPair('');
  const id = keyId(root.key);
  return {
    signer: { ...signer, id, name: id },
    id,
    pem: String(root.key.export({ type: 'spki', format: 'pem' })),
  };
}
export type ReleaseKeyPair = ReturnType<typeof releaseKeyPair>;

/** An installation of a signed release in a directory. */
export class Installation {
  readonly root: string;
  readonly #directory: TempDirectory;

  constructor(directory: TempDirectory, name = 'root') {
    this.#directory = directory;
    this.root = directory.at(name);
    this.#name = name;
  }
  readonly #name: string;

  at(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  write(path: string, content: string, executable = false): string {
    return this.#directory.write(join(this.#name, path), content, executable ? 0o755 : 0o644);
  }

  /** Puts a release there, over what is there. */
  async install(version: string, key: ReleaseKeyPair, contents: Contents = CONTENTS): Promise<void> {
    for (const [path, content, executable] of contents) this.write(path, content, executable);
    const files = contents
      .map(([path, content, executable]) => {
        const sha256 = createHash('sha256').update(content).digest('hex');
        return { path, sha256, bytes: Buffer.byteLength(content), executable };
      })
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const manifest = { package: 'sealwatch-agent', version, platform: 'linux-x64', files };
    this.write(PACKAGE_MANIFEST, envelopeText(await composePackageManifest(manifest, key.signer)));
    this.write('release.pub', key.pem);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** Writes into a file that is there, which leaves its rights. */
  overwrite(path: string, content: string): void {
    writeFileSync(this.at(path), content);
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true });
  }

  chmod(path: string, mode: number): void {
    chmodSync(this.at(path), mode);
  }
}
