import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

export type Action = (output: Output) => ExitCode | Promise<ExitCode>;
/** Carries out a command with the output that its options ask for. */
export type Run = (options: { readonly json?: boolean }, action: Action) => Promise<void>;

/** Of an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function withJson(command: Command): Command {
  return command.option('--json', 'answer in JSON on stdout');
}
