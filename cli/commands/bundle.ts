import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import {
  claimedKind,
  composeBundle,
  composeConfigBundle,
  composePolicyBundle,
  installBundle,
  installPolicyBundle,
  loadTrust,
  Marks,
  openSigner,
  readEnvelope,
  readFleetPolicy,
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
  const { key, stateDir } = options;
  const serial = checkedSerial(options);
  const approvals = files.map((path) => readFile(path, readEnvelope));
  const signer = await openSigner(key, keySource(stateDir));
  output.answerJson(await composeBundle(approvals, serial, new Date(), signer));
  output.say(`signed ${approvals.length} approvals as bundle ${serial}`);
  return EXIT.fine;
}

export interface FleetBundleOptions extends BundleOptions {
  readonly group?: string;
  /** RFC 3339; it is not taken after that. */
  readonly before?: string;
}

/** `sealwatch bundle config`: signs settings for the agents of a fleet, from a YAML file, and writes them to stdout. */
export async function bundleConfig(
  file: string,
  options: FleetBundleOptions,
  output: Output,
): Promise<ExitCode> {
  const { key, stateDir } = options;
  const about = aboutOf(options);
  const document = parseDocument(readFile(file, (path) => readFileSync(path, 'utf8')));
  const [fault] = document.errors;
  if (fault !== undefined) throw new CliError('CLI_USAGE', `${printable(file)}: ${fault.message}`);
  const signer = await openSigner(key, keySource(stateDir));
  output.answerJson(await composeConfigBundle(document.toJS({ maxAliasCount: 10 }), about, signer));
  output.say(`signed the config as bundle ${about.version}`);
  return EXIT.fine;
}

/** `sealwatch bundle policy`: signs a policy for all servers of a fleet, and writes it to stdout. */
export async function bundlePolicy(
  file: string,
  options: FleetBundleOptions,
  output: Output,
): Promise<ExitCode> {
  const { key, stateDir } = options;
  const about = aboutOf(options);
  const text = readFile(file, (path) => readFileSync(path, 'utf8'));
  await readFleetPolicy(text, printable(file));
  const signer = await openSigner(key, keySource(stateDir));
  output.answerJson(await composePolicyBundle(text, about, signer));
  output.say(`signed the policy as bundle ${about.version}`);
  return EXIT.fine;
}

function aboutOf(options: FleetBundleOptions) {
  const { group, before } = options;
  return {
    version: checkedSerial(options),
    issued: new Date(),
    ...(group === undefined ? {} : { group }),
    ...(before === undefined ? {} : { expires: before }),
  };
}

/** `sealwatch bundle install`: checks a bundle and lets its approvals, or its policy, count here. */
export async function bundleInstall(file: string, options: BundleOptions, output: Output): Promise<ExitCode> {
  const { stateDir, profile = 'developer' } = options;
  const text = readFile(file, (path) => readFileSync(path, 'utf8'));
  const trust = loadTrust({ ...keySource(stateDir), profile });
  const marks = new Marks(stateDir);
  const version =
    claimedKind(text) === 'policy'
      ? await installPolicyBundle(text, stateDir, { trust, profile, marks })
      : installBundle(text, stateDir, trust, marks);
  output.answer(`installed bundle ${version}`);
  return EXIT.fine;
}

function checkedSerial({ serial }: BundleOptions): number {
  if (serial !== undefined && Number.isSafeInteger(serial) && serial >= 1) return serial;
  throw new CliError(
    'CLI_USAGE',
    '--serial takes a whole number from 1, higher than that of the last bundle',
  );
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
