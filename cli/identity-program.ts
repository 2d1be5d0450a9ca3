import type { Command } from 'commander';
import { type Run, stateDirOption, withJson } from './command-options.ts';

/** Tokens that tell a backend which server is calling. */
export function addIdentity(program: Command, run: Run): void {
  const identity = program.command('identity').description('tokens that say which server is calling');
  identity
    .command('keys')
    .description('print the key set (RFC 7517) that verifies the tokens of this host; makes the key at first')
    .addOption(stateDirOption('where the key lies'))
    .action((options) =>
      run({}, async (output) => (await import('./commands/identity.ts')).identityKeys(options, output)),
    );
  withJson(identity.command('verify').argument('<token>', 'a file with it, - for stdin, or the token itself'))
    .description('whether a token is to be believed now; 1 where it is not')
    .requiredOption('--audience <name>', 'for whom it must be')
    .requiredOption('--keys <file>', 'key set with the keys that count; - for stdin')
    .action((token, options) =>
      run(options, async (output) =>
        (await import('./commands/identity.ts')).identityVerify(token, options, output),
      ),
    );
}
