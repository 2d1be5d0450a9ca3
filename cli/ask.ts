import { createInterface } from 'node:readline/promises';
import { CliError } from './errors.ts';

/** Asks on the terminal; null where nobody is there. */
export async function ask(question: string): Promise<string | null> {
  if (process.stdin.isTTY !== true) return null;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return (await terminal.question(question).finally(() => terminal.close())).trim();
}

/** Goes on only where somebody says so, or `yes` did before. @throws {CliError} CLI_NOT_CONFIRMED */
export async function confirm(question: string, options: { readonly yes: boolean }): Promise<void> {
  if (options.yes) return;
  const answer = await ask(`${question} [y/N] `);
  if (answer === null) {
    throw new CliError('CLI_NOT_CONFIRMED', 'nobody is there to confirm', {
      hint: 'say --yes to ask nothing',
    });
  }
  if (!/^y(es)?$/i.test(answer)) throw new CliError('CLI_NOT_CONFIRMED', 'nothing was changed');
}
