import { readFileSync } from 'node:fs';
import {
  composeBundle,
  installBundle,
  loadTrust,
  Marks,
  openSigner,
  readEnvelope,
} from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { keySource } from '../installation.ts';
import { type Output, printable } from '../output.ts';

export interface BundleOptions {
  readonly stateDir: string;
  readonly profile?: Profile;
  readonly key?: string;
  /** Rises with every bundle. */
  readonly serial?: number;
}

/** `sealwatch bundle create`: signs approval files as one set, and writes it to stdout. */
export async function bundleCreate(
  files: readonly string[],
  options: BundleOptions,
  output: Output,
): Promise<ExitCode> {
  const { serial, key, stateDir } = options;
  if (serial === undefined || !Number.isSafeInteger(serial) || serial < 1)
    throw new CliError(
      'CLI_USAGE',
      '--serial takes a whole number from 1, higher than that of the last bundle',
    );
  const approvals = files.map((path) => readFile(path, readEnvelope));
  const signer = await openSigner(key, keySource(stateDir));
  output.answerJson(await composeBundle(approvals, serial, new Date(), signer));
  output.say(`signed ${approvals.length} approvals as bundle ${serial}`);
  return EXIT.fine;
}

/** `sealwatch bundle install`: checks a bundle and lets its approvals count here. */
export function bundleInstall(file: string, options: BundleOptions, output: Output): ExitCode {
  const { stateDir, profile = 'developer' } = options;
  const text = readFile(file, (path) => readFileSync(path, 'utf8'));
  const trust = loadTrust({ ...keySource(stateDir), profile });
  const version = installBundle(text, stateDir, trust, new Marks(stateDir));
  output.answer(`installed bundle ${version}`);
  return EXIT.fine;
}

function readFile<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause)
      throw new CliError('CLI_FILE_UNREADABLE', `${printable(path)} cannot be read`, { cause });
    throw cause;
  }
}
