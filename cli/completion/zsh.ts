import { type CommandNode, type OptionNode, type ValueSlot, withDescendants } from '../command-tree.ts';
import { type Candidates, candidatesFor, type KnownWords } from './candidates.ts';
import { namesOf, quoted, scriptHead } from './script-words.ts';

/** Names of the key files of a state directory: the one that is named on the line, else that of the user. */
const KEYS = `FUNCTION_keys() {
  local directory=\${(Q)opt_args[--state-dir]:-}
  if [[ -z $directory ]]; then
    directory=\${XDG_STATE_HOME:-$HOME/.local/state}/sealwatch
    if (( EUID == 0 )); then directory=/var/lib/sealwatch; fi
  fi
  directory=\${directory/#\\~\\//$HOME/}
  local name
  local -a names
  for name in "$directory"/keys/*.pem(N:t:r); do
    if [[ $name =~ '^[A-Za-z0-9_][A-Za-z0-9._-]*$' ]]; then names+=$name; fi
  done
  compadd -a names
}
`;

/** The script with which zsh completes the program: for a directory of `fpath`, or to be sourced after `compinit`. */
export function zshCompletion(root: CommandNode, known: KnownWords): string {
  const name = `_${root.name}`;
  return [
    `#compdef ${root.name}`,
    ...scriptHead(root.name),
    '',
    KEYS.replaceAll('FUNCTION', name),
    ...withDescendants(root).flatMap((node) => [...functionOf(node, name, known), '']),
    `if [[ $funcstack[1] == ${name} ]]; then`,
    `  ${name} "$@"`,
    'else',
    `  compdef ${name} ${root.name}`,
    'fi',
    '',
  ].join('\n');
}

function nameOf(node: CommandNode, name: string): string {
  return [name, ...node.path].join('__');
}

function functionOf(node: CommandNode, name: string, known: KnownWords): readonly string[] {
  const action = (slot: ValueSlot) => actionOf(candidatesFor(slot, known), name);
  const options = node.options.flatMap((option) => optionSpecs(option, action));
  const call = (specs: readonly string[]) => specs.map((spec) => `    ${quoted(spec)} \\`);
  if (node.commands.length === 0) {
    const positions = node.arguments.flatMap((slot, index) => positionSpecs(slot, index, action(slot)));
    // zsh ends an option of several values at the first; what comes then looks like arguments to it.
    const further = node.options.flatMap(({ value }) =>
      value?.variadic === true ? positionSpecs(value, 0, action(value)) : [],
    );
    return [
      `${nameOf(node, name)}() {`,
      '  _arguments -S \\',
      ...call([...options, ...positions, ...further]),
      '    && return 0',
      '  return 1',
      '}',
    ];
  }
  return [
    `${nameOf(node, name)}() {`,
    '  local curcontext=$curcontext state state_descr ret=1',
    '  local -a line',
    '  local -A opt_args',
    '  _arguments -C -S \\',
    ...call([...options, '1: :->command', '*:: :->rest']),
    '    && ret=0',
    '  case $state in',
    '    command)',
    '      local -a commands=(',
    ...node.commands.map((child) => `        ${quoted(`${child.name}:${child.description}`)}`),
    '      )',
    '      _describe -t commands command commands && ret=0 ;;',
    '    rest)',
    '      case $words[1] in',
    ...node.commands.map((child) => `        ${child.name}) ${nameOf(child, name)} && ret=0 ;;`),
    '      esac ;;',
    '  esac',
    '  return ret',
    '}',
  ];
}

/** A text in which `_arguments` finds none of its own signs. */
function escaped(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, '\\$&');
}

function optionSpecs(option: OptionNode, action: (slot: ValueSlot) => string): readonly string[] {
  const names = namesOf(option);
  const { value } = option;
  const rest = value === null ? '' : `:${escaped(value.name)}:${action(value)}`;
  const lead = option.repeatable ? '*' : names.length > 1 ? `(${names.join(' ')})` : '';
  return names.map((typed) => {
    const joint = value !== null && typed.startsWith('--') ? '=' : '';
    return `${lead}${typed}${joint}[${escaped(option.description)}]${rest}`;
  });
}

function positionSpecs(slot: ValueSlot, index: number, action: string): readonly string[] {
  if (action === '_normal')
    return [`${index + 1}:${escaped(slot.name)}:_command_names -e`, `*::arguments:${action}`];
  const place = slot.variadic ? '*' : String(index + 1);
  return [`${place}:${slot.required ? '' : ':'}${escaped(slot.name)}:${action}`];
}

function actionOf(candidates: Candidates, name: string): string {
  switch (candidates.kind) {
    case 'words':
      return `(${candidates.words.join(' ')})`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'key':
      return `${name}_keys`;
    case 'program':
      return '_normal';
    case 'nothing':
      return ' ';
  }
}
