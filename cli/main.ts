import { CommanderError } from 'commander';
import type { CentralErrorCode } from '../central/index.ts';
import { CodedError } from '../wire/index.ts';
import type { CliErrorCode } from './errors.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findInstallation } from './installation.ts';
import { printable } from './output.ts';
import { buildProgram } from './program.ts';

/** Codes that say that the caller asked for what cannot be. */
const MISUSE: ReadonlySet<string> = new Set([
  'CLI_USAGE',
  'CLI_SERVER_UNKNOWN',
  'CLI_SERVER_AMBIGUOUS',
  'CENTRAL_CONFIG_INVALID',
] satisfies readonly (CliErrorCode | CentralErrorCode)[]);

/** What an error means for the caller of the command; also prints it. */
function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  if (error instanceof CodedError) {
    process.stderr.write(
      `sealwatch: ${error.message.split('\n').map(printable).join('\n')} (${error.code})\n`,
    );
    if (error.hint !== undefined) process.stderr.write(`  hint: ${printable(error.hint)}\n`);
    return MISUSE.has(error.code) ? EXIT.usage : EXIT.failed;
  }
  process.stderr.write(
    `sealwatch: internal error: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return EXIT.failed;
}

// A reader that went away (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.fine : EXIT.failed),
);

const program = buildProgram(findInstallation(), (code) => {
  process.exitCode = code;
});
program.parseAsync().catch((error: unknown) => {
  process.exitCode = report(error);
});
