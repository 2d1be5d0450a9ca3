import { Argument, type Command } from 'commander';
import type { Run } from './command-options.ts';
import { SHELLS } from './completion/shells.ts';
import type { Installation } from './installation.ts';

/** What completes all other commands in a shell. */
export function addCompletion(program: Command, install: Installation, run: Run): void {
  program
    .command('completion')
    .description('print the script with which a shell completes these commands')
    .addArgument(new Argument('<shell>', 'the shell that is to read it').choices(SHELLS))
    .action((shell) =>
      run({}, async (output) =>
        (await import('./commands/completion.ts')).completion(shell, program, install, output),
      ),
    );
}
