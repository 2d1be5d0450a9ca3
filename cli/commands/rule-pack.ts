import { existsSync } from 'node:fs';
import { basename, relative, resolve, sep } from 'node:path';
import { compileRulePack, readRuleFiles } from '../../agent/index.ts';
import {
  addSignature,
  composeRulePack,
  loadTrust,
  openRulePack,
  openSigner,
  parseRulePack,
  type RulePackFile,
  readRulePack,
} from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Installation, keySource } from '../installation.ts';
import { type Output, printable } from '../output.ts';

/** Characters that the name of a pack may have. */
const UNFIT = /[^a-z0-9._-]+/g;

export interface RulePackOptions {
  readonly stateDir: string;
  readonly profile?: Profile;
  readonly key?: string;
  readonly name?: string;
  /** Rises with every pack. */
  readonly version?: number;
}

/** `sealwatch rules pack`: signs the rule files of a directory as one set, and writes it to stdout. */
export async function rulesPack(
  directory: string,
  options: RulePackOptions,
  install: Installation,
  output: Output,
): Promise<ExitCode> {
  const { version, stateDir } = options;
  if (version === undefined || !Number.isSafeInteger(version) || version < 1)
    throw new CliError(
      'CLI_USAGE',
      '--version takes a whole number from 1, higher than that of the last pack',
    );
  const root = resolve(directory);
  if (!existsSync(root)) throw new CliError('CLI_FILE_UNREADABLE', `${printable(root)} is not there`);
  const files = readRuleFiles([root]).map(({ path, text }) => ({ path: pathInPack(root, path), text }));
  const { refused } = compileRulePack(files, [install.rules]);
  // What `%name%` means is said by the config of each host.
  const broken = refused.filter(({ code }) => code !== 'RULE_PLACEHOLDER_UNKNOWN');
  for (const { path, line, code, message } of broken) output.say(`${path}:${line}: ${message} (${code})`);
  if (broken.length > 0) {
    output.say('nothing is signed: an agent refuses a pack of which it refuses a rule');
    return EXIT.findings;
  }
  const name = options.name ?? basename(root).toLowerCase().replaceAll(UNFIT, '-');
  const signer = await openSigner(options.key, keySource(stateDir));
  output.answerJson(await composeRulePack(files, { name, version, created: new Date() }, signer));
  output.say(`signed ${files.length} rule files as pack ${name} ${version}`);
  return EXIT.fine;
}

/** `sealwatch rules sign`: adds a signature to a pack, and writes it to stdout. */
export async function rulesSign(file: string, options: RulePackOptions, output: Output): Promise<ExitCode> {
  const { key, stateDir } = options;
  const envelope = parseRulePack(readPackFile(file));
  const signed = await addSignature(envelope, await openSigner(key, keySource(stateDir)));
  output.answerJson(signed);
  output.say(`it carries ${signed.signatures.length} signatures`);
  return EXIT.fine;
}

/** `sealwatch rules verify`: who signed a pack, and whether an agent of this version would take its rules. */
export function rulesVerify(
  file: string,
  options: RulePackOptions,
  install: Installation,
  output: Output,
): ExitCode {
  const { stateDir, profile = 'developer' } = options;
  const trust = loadTrust({ ...keySource(stateDir), profile });
  const pack = openRulePack(readPackFile(file), trust, profile);
  const { rules, refused } = compileRulePack(pack.files, [install.rules]);
  const signers = pack.signers.map((id) => ({ id, name: trust.keys.get(id)?.name ?? null }));
  const { name, version, created } = pack;
  if (output.json) {
    output.answerJson({ name, version, created, signers, rules: rules.map((rule) => rule.name), refused });
  } else {
    output.answer(`pack      ${name} ${version}, of ${created}`);
    for (const { id, name: by } of signers)
      output.answer(`signed by ${printable(by ?? id)} (${id.slice(0, 16)})`);
    output.answer(`rules     ${rules.length} load, ${refused.length} are refused`);
    for (const rule of rules) output.answer(`  ${printable(rule.name)}`);
    for (const { path, line, code, message } of refused) output.say(`${path}:${line}: ${message} (${code})`);
  }
  return refused.length === 0 ? EXIT.fine : EXIT.findings;
}

function pathInPack(root: string, path: string): RulePackFile['path'] {
  return path === root ? basename(path) : relative(root, path).split(sep).join('/');
}

function readPackFile(file: string): string {
  try {
    return readRulePack(file);
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new CliError('CLI_FILE_UNREADABLE', `${printable(file)} cannot be read`, { cause });
  }
}
