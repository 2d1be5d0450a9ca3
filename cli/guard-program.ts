import { type Command, Option } from 'commander';
import { PROFILES } from '../wire/index.ts';
import { type Run, stateDirOption, withJson } from './command-options.ts';
import type { Installation } from './installation.ts';

/** The guard, which clients start in place of a server, and what it asks. */
export function addGuard(program: Command, install: Installation, run: Run): void {
  withJson(program.command('answer').argument('[id]', 'the question; all are listed where none is named'))
    .description('answer what a guard asks where the client cannot')
    .option('--allow', 'let it go on')
    .option('--refuse', 'deny it')
    .addOption(stateDirOption('state directory of the guard'))
    .action((id, options) =>
      run(options, async (output) => (await import('./commands/answer.ts')).answer(id, options, output)),
    );
  program
    .command('guard')
    .description('start an MCP server if it is approved, and stand in front of it')
    .argument('[command...]', 'after --: what to start, with its arguments')
    .option('--client <client>', 'the client whose config asks for it')
    .option('--name <name>', 'its name in the config')
    .option('--config <file>', 'the config, where client and name do not tell it from others')
    .option('--state-dir <dir>', 'where approvals lie, where that is not the usual place')
    .addOption(
      new Option('--profile <profile>', 'how strictly to judge, where the host says less').choices(PROFILES),
    )
    .option('--remote <json>', 'a remote server in place of a command: its url and transport')
    .option('--no-args', 'the entry has no list of arguments')
    .action(async (words, options) => (await import('./commands/guard.ts')).guard(words, options, install));
}
