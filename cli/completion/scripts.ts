import type { CommandNode } from '../command-tree.ts';
import { bashCompletion } from './bash.ts';
import type { KnownWords } from './candidates.ts';
import { fishCompletion } from './fish.ts';
import type { Shell } from './shells.ts';
import { zshCompletion } from './zsh.ts';

const WRITERS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const satisfies Readonly<Record<Shell, (root: CommandNode, known: KnownWords) => string>>;

/** The script with which a shell completes a program of these commands. */
export function completionScript(shell: Shell, root: CommandNode, known: KnownWords): string {
  return WRITERS[shell](root, known);
}
