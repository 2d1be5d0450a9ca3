import { type Command, Option } from 'commander';
import { PROFILES } from '../wire/index.ts';
import type { ExitCode } from './exit-code.ts';
import { defaultStateDir } from './installation.ts';
import type { Output } from './output.ts';

export type Action = (output: Output) => ExitCode | Promise<ExitCode>;
/** Carries out a command with the output that its options ask for. */
export type Run = (options: { readonly json?: boolean }, action: Action) => Promise<void>;

/** The default of `--state-dir` in words: as a path it would differ by who asks. */
const STATE_DIR = '/var/lib/sealwatch for root, else ~/.local/state/sealwatch';

/** Of an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** `--state-dir`; `description` says what is looked for there. */
export function stateDirOption(description: string): Option {
  return new Option('--state-dir <dir>', description).default(defaultStateDir(process.env), STATE_DIR);
}

/** `--profile` where none is the same as `developer`. */
export function profileOption(description: string): Option {
  return new Option('--profile <profile>', description).choices(PROFILES).default('developer');
}

/** `--key`, where something is signed. */
export function keyOption(): Option {
  return new Option(
    '--key <key>',
    'key that signs: a name, or ssh:COMMENT of the OpenSSH agent; approver unless told',
  );
}

export function withJson(command: Command): Command {
  return command.option('--json', 'answer in JSON on stdout');
}
