import { type CommandNode, type OptionNode, type ValueSlot, withDescendants } from '../command-tree.ts';

/** Lines of every script: whoever reads it must know not to edit it. */
export function scriptHead(program: string): readonly string[] {
  return [`# Completion of ${program}. Made from its commands by \`npm run manual\`: do not edit.`];
}

/** A text between single quotes, of which a POSIX shell and zsh take nothing for anything else. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A place in the tree as scripts name it: the words of a command, joined. */
export function placeOf(node: CommandNode): string {
  return node.path.join(' ');
}

/** Names of an option as they are typed. */
export function namesOf(option: OptionNode): readonly string[] {
  return option.short === null ? [option.long] : [option.short, option.long];
}

/** The commands below one that is to be a program of its own, with paths from there. */
export function asProgram(node: CommandNode, name: string): CommandNode {
  const depth = node.path.length;
  const moved = (at: CommandNode): CommandNode => ({
    ...at,
    path: at.path.slice(depth),
    commands: at.commands.map(moved),
  });
  return { ...moved(node), name };
}

/** Every option with a value, with the command that takes it. */
export function valuedOptions(
  root: CommandNode,
): readonly { readonly node: CommandNode; readonly option: OptionNode; readonly value: ValueSlot }[] {
  return withDescendants(root).flatMap((node) =>
    node.options.flatMap((option) => (option.value === null ? [] : [{ node, option, value: option.value }])),
  );
}
