import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { exposedPart, OTHERS_MAY_WRITE } from '../../approval/index.ts';
import { CliError } from '../errors.ts';

/** Files and directories of an installation that are looked at. */
const MAX_ENTRIES = 300_000;
/** What needs no quoting in a unit or a property list, and stands for itself there. */
const PLAIN_PATH = /^\/[\w./+~-]*$/;
/** Directories that hardened units may not see (systemd.exec(5): ProtectHome, PrivateTmp), or that a boot empties. */
const UNSEEN = ['/home', '/root', '/run', '/tmp', '/var/tmp', '/dev'] as const;

export interface RootRules {
  /** User ids that may own what a service runs. */
  readonly owners: readonly number[];
  /** The root as the service will see it: without the directory that an image is built in. */
  readonly seenAs: string;
  readonly platform: NodeJS.Platform;
}

/**
 * Refuses an installation that others than its owners could change: what runs as root from there would be theirs.
 * @throws {CliError} CLI_SERVICE_ROOT_UNFIT, CLI_SERVICE_ROOT_EXPOSED
 */
export function refuseUnfitRoot(root: string, { owners, seenAs, platform }: RootRules): void {
  if (!PLAIN_PATH.test(seenAs)) {
    throw new CliError('CLI_SERVICE_ROOT_UNFIT', `${seenAs} has characters that a unit cannot name plainly`, {
      hint: 'move it, for example to /opt/sealwatch',
    });
  }
  const unseen = UNSEEN.find((directory) => seenAs.startsWith(`${directory}/`));
  if (platform === 'linux' && unseen !== undefined) {
    throw new CliError(
      'CLI_SERVICE_ROOT_UNFIT',
      `${unseen} is no place for what a service runs: units may not see it, or a boot empties it`,
      {
        hint: `sudo mv ${seenAs} /opt/sealwatch && sudo chown -R root:root /opt/sealwatch`,
      },
    );
  }
  const exposed = exposedPart(root, owners) ?? exposedEntry(realpathSync(root), owners);
  if (exposed === null) return;
  throw new CliError('CLI_SERVICE_ROOT_EXPOSED', `others than root could change ${exposed}`, {
    hint: `sudo chown -R root:root ${root} && sudo chmod -R go-w ${root}; the directories above it must be root's, too`,
  });
}

/** The first thing below a root that others could write, or that leads out of it; null where there is none. */
function exposedEntry(root: string, owners: readonly number[]): string | null {
  const waiting = [root];
  let seen = 0;
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      seen += 1;
      if (seen > MAX_ENTRIES) {
        throw new CliError('CLI_SERVICE_ROOT_UNFIT', `${root} has over ${MAX_ENTRIES} files`);
      }
      const stat = lstatSync(path);
      if (!owners.includes(stat.uid)) return path;
      if (stat.isSymbolicLink()) {
        if (leadsOut(root, path)) return path;
        continue;
      }
      if ((stat.mode & OTHERS_MAY_WRITE) !== 0) return path;
      if (stat.isDirectory()) waiting.push(path);
    }
  }
  return null;
}

/** Whether a link points out of the root; one that points nowhere could be given a target by nobody but its owner. */
function leadsOut(root: string, link: string): boolean {
  try {
    const inside = relative(root, realpathSync(link));
    return inside === '..' || inside.startsWith(`..${sep}`);
  } catch {
    return false;
  }
}
