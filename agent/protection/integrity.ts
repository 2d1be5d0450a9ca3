import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApprovalError,
  MAX_PACKAGE_MANIFEST_BYTES,
  openPackageManifest,
  PACKAGE_MANIFEST,
  type PackageManifest,
} from '../../approval/index.ts';
import { readRegular, sha256Hex } from '../../inventory/index.ts';
import type { KnownPackage } from '../state/known-package.ts';
import { type Faults, type FileFault, InstalledFiles } from './installed-files.ts';
import type { Pace } from './pace.ts';
import { compareVersions } from './package-version.ts';
import { releaseKey } from './release-key.ts';

/** What an installation is, compared with its signed manifest and with what it was before. */
export type Integrity =
  /** It never had a manifest: a checkout. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'whole';
      readonly release: KnownPackage;
      readonly files: number;
      /** What was there before: a release that is replaced, `none` at the first check, or the same. */
      readonly since: 'none' | 'same' | { readonly kind: 'newer' | 'older'; readonly before: KnownPackage };
    }
  | ({ readonly kind: 'broken' } & Faults);

export interface IntegrityPlace {
  /** Root of the installation. */
  readonly root: string;
  /** File of the key of releases that the host chose, which alone counts where it exists. */
  readonly hostKey: string;
  /** Users who may write that file; root alone unless told. */
  readonly hostKeyOwners?: readonly number[];
}

/** Whether an installation brings a manifest, so that it is one of a package. */
export function hasManifest(root: string): boolean {
  return lstatSync(join(root, PACKAGE_MANIFEST), { throwIfNoEntry: false }) !== undefined;
}

/** Compares an installation with its manifest, and the manifest with the release before. */
export class PackageIntegrity {
  readonly #place: IntegrityPlace;
  readonly #files: InstalledFiles;

  constructor(place: IntegrityPlace) {
    this.#place = place;
    this.#files = new InstalledFiles(place.root);
  }

  /** `scope` is that of `InstalledFiles.faults`. */
  async check(known: KnownPackage | null, scope: 'all' | 'touched', pace: Pace): Promise<Integrity> {
    const { root } = this.#place;
    if (!hasManifest(root)) {
      // What was a package once and has no manifest any more was stripped of it.
      return known === null
        ? { kind: 'none' }
        : broken({ path: PACKAGE_MANIFEST, reason: 'missing', found: '' });
    }
    const opened = this.#openManifest(known);
    if ('reason' in opened) return broken(opened);
    const { manifest, release } = opened;
    const faults = await this.#files.faults(manifest, scope, pace);
    if (faults.listed.length > 0) return { kind: 'broken', ...faults };
    return { kind: 'whole', release, files: manifest.files.length, since: sinceOf(known, release) };
  }

  #openManifest(
    known: KnownPackage | null,
  ): { readonly manifest: PackageManifest; readonly release: KnownPackage } | FileFault {
    const { root, hostKey, hostKeyOwners } = this.#place;
    const key = releaseKey(root, hostKey, hostKeyOwners);
    if (key.kind === 'fault') return { path: key.path, reason: key.reason, found: '' };
    let text: string;
    try {
      const content = readRegular(join(root, PACKAGE_MANIFEST), MAX_PACKAGE_MANIFEST_BYTES);
      if (content === null) return { path: PACKAGE_MANIFEST, reason: 'no file of a manifest', found: '' };
      text = content.toString('utf8');
    } catch (error) {
      return { path: PACKAGE_MANIFEST, reason: `unreadable (${String(error)})`, found: '' };
    }
    const digest = sha256Hex(text);
    const fault = (reason: string) => ({ path: PACKAGE_MANIFEST, reason, found: digest });
    try {
      const manifest = openPackageManifest(text, new Map([[key.id, key]]));
      if (known !== null && !key.isHosts && known.key !== key.id)
        return fault(`signed by ${key.id}, and the release before by ${known.key}`);
      if (known !== null && known.package !== manifest.package)
        return fault(`that of ${manifest.package}, and there was ${known.package}`);
      const { package: name, version } = manifest;
      return { manifest, release: { root, package: name, version, key: key.id, manifest: digest } };
    } catch (error) {
      if (!(error instanceof ApprovalError)) throw error;
      return fault(`${error.code}: ${error.message}`);
    }
  }
}

function broken(fault: FileFault): Integrity {
  return { kind: 'broken', listed: [fault], more: 0 };
}

function sinceOf(
  known: KnownPackage | null,
  release: KnownPackage,
): Extract<Integrity, { kind: 'whole' }>['since'] {
  if (known === null) return 'none';
  if (known.manifest === release.manifest) return 'same';
  const order = compareVersions(release.version, known.version);
  return { kind: order < 0 ? 'older' : 'newer', before: known };
}
