import type { Command } from 'commander';
import { commandTree } from '../command-tree.ts';
import { ruleNames } from '../completion/candidates.ts';
import { completionScript } from '../completion/scripts.ts';
import type { Shell } from '../completion/shells.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Installation } from '../installation.ts';
import type { Output } from '../output.ts';

/** `sealwatch completion`: prints the script that a package would install for the shell. */
export function completion(shell: Shell, program: Command, install: Installation, output: Output): ExitCode {
  const known = { rules: ruleNames(install.rules) };
  output.answer(completionScript(shell, commandTree(program), known).trimEnd());
  return EXIT.fine;
}
