import type { Argument, Command, Option } from 'commander';

/** What stands after an option, or by itself: its name in the help, and how often it may come. */
export interface ValueSlot {
  /** Name between the brackets of the help, e.g. `file`. */
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  /** The only values that are taken; null where any is. */
  readonly choices: readonly string[] | null;
}

export interface OptionNode {
  readonly long: string;
  readonly short: string | null;
  readonly description: string;
  /** Null for a switch. */
  readonly value: ValueSlot | null;
  /** Whether the command refuses to run without it. */
  readonly mandatory: boolean;
  /** Whether each further one adds to those before. */
  readonly repeatable: boolean;
  /** The default as a person reads it; null where there is none worth telling. */
  readonly fallback: string | null;
}

/** One command as the help shows it. */
export interface CommandNode {
  /** Words that lead to it, the program's name left out; empty for the program itself. */
  readonly path: readonly string[];
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionNode[];
  readonly arguments: readonly ValueSlot[];
  readonly commands: readonly CommandNode[];
}

/** Reads the tree of commands, so that whatever is made of it says what the program does. Hidden parts are left out. */
export function commandTree(command: Command, path: readonly string[] = []): CommandNode {
  const help = command.createHelp();
  const siblings = help.visibleCommands(command);
  const names = siblings.map((child) => child.name()).filter((name) => name !== 'help');
  return {
    path,
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map(optionNode),
    arguments: command.registeredArguments.map((argument) => argumentNode(argument)),
    commands: siblings.map((child) => {
      const node = commandTree(child, [...path, child.name()]);
      return child.name() === 'help' ? helpNode(node, names) : node;
    }),
  };
}

/** The command and all below it, parents first. */
export function withDescendants(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.commands.flatMap(withDescendants)];
}

/** `help COMMAND`, which the library adds: it takes the names beside it. */
function helpNode(node: CommandNode, choices: readonly string[]): CommandNode {
  const described = node.arguments.map((slot) => ({ ...slot, description: 'a command', choices }));
  return { ...node, arguments: described };
}

function argumentNode(argument: Argument): ValueSlot {
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
    choices: argument.argChoices ?? null,
  };
}

function optionNode(option: Option): OptionNode {
  const [, name] = /[<[]([^\]>]+?)(?:\.\.\.)?[\]>]$/.exec(option.flags) ?? [];
  const value =
    name === undefined
      ? null
      : {
          name,
          description: option.description,
          required: option.required,
          variadic: option.variadic,
          choices: option.argChoices ?? null,
        };
  return {
    long: option.long ?? option.flags,
    short: option.short ?? null,
    description: option.description,
    value,
    mandatory: option.mandatory,
    repeatable: option.variadic || option.description.includes('may be repeated'),
    fallback: option.isBoolean() || option.negate ? null : fallbackOf(option),
  };
}

function fallbackOf(option: Option): string | null {
  if (option.defaultValueDescription !== undefined) return option.defaultValueDescription;
  return option.defaultValue === undefined ? null : String(option.defaultValue);
}
