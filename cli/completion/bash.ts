import { type CommandNode, withDescendants } from '../command-tree.ts';
import { type Candidates, candidatesFor, type KnownWords } from './candidates.ts';
import { namesOf, placeOf, quoted, scriptHead, valuedOptions } from './script-words.ts';

/**
 * Reads the words before the cursor: which command they lead to, how many arguments it has got, and which option waits for
 * a value. A word that breaks at `=` comes in three (bash's COMP_WORDBREAKS). Nothing typed is ever evaluated.
 */
const WALK = `FUNCTION() {
  local cur=\${COMP_WORDS[COMP_CWORD]} place='' commands='' options='' waiting='' many='' ended='' prefix='' word
  local -i at count=0
  COMPREPLY=()
  FUNCTION_tables
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ -n $ended ]]; then count+=1; continue; fi
    case $word in
      =) ;;
      --) ended=yes waiting='' many='' ;;
      -?*)
        waiting='' many=''
        case $word in
          --*=*) ;;
          *) if FUNCTION_takes "$place $word"; then waiting=$word; fi ;;
        esac ;;
      *)
        if [[ -n $waiting ]]; then
          [[ -z $many ]] && waiting=''
        elif [[ " $commands " == *" $word "* ]]; then
          place=\${place:+$place }$word
          FUNCTION_tables
        elif [[ -n $commands ]]; then
          return
        else
          count+=1
        fi ;;
    esac
  done
  if [[ -n $waiting && $cur == = ]]; then cur=''; fi
  if [[ -z $ended && -z $waiting && $cur == --*=* ]]; then
    waiting=\${cur%%=*} prefix=\${cur%%=*}= cur=\${cur#*=}
    FUNCTION_takes "$place $waiting" || return
  fi
  if [[ -n $waiting && ( -z $many || $cur != -* ) ]]; then
    FUNCTION_value "$place $waiting"
  elif [[ -z $ended && $cur == -* ]]; then
    FUNCTION_words "$options"
  elif [[ -n $commands ]]; then
    FUNCTION_words "$commands"
  else
    FUNCTION_argument "$place" "$count"
  fi
}

FUNCTION_words() {
  local word
  for word in $1; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$prefix$word"); fi
  done
}

FUNCTION_files() {
  local word
  if declare -F _filedir >/dev/null; then
    if [[ $1 == -d ]]; then _filedir -d; else _filedir; fi
  else
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$cur")
  fi
  if [[ -n $prefix ]]; then COMPREPLY=("\${COMPREPLY[@]/#/$prefix}"); fi
}

FUNCTION_programs() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
}

FUNCTION_keys() {
  local directory=\${XDG_STATE_HOME:-$HOME/.local/state}/sealwatch file name
  local -i at
  if ((EUID == 0)); then directory=/var/lib/sealwatch; fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      --state-dir)
        directory=\${COMP_WORDS[at + 1]}
        if [[ $directory == = ]]; then directory=\${COMP_WORDS[at + 2]}; fi ;;
      --state-dir=*) directory=\${COMP_WORDS[at]#*=} ;;
    esac
  done
  directory=\${directory/#\\~\\//$HOME/}
  for file in "$directory"/keys/*.pem; do
    name=\${file##*/} name=\${name%.pem}
    if [[ $name == "$cur"* && $name =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]]; then COMPREPLY+=("$prefix$name"); fi
  done
}
`;

/** The script with which bash, from 3.2 on, completes the program; with and without the package bash-completion. */
export function bashCompletion(root: CommandNode, known: KnownWords): string {
  const name = `_${root.name.replaceAll('-', '_')}`;
  return [
    ...scriptHead(root.name),
    '',
    WALK.replaceAll('FUNCTION', name),
    ...tables(root, name),
    '',
    ...takes(root, name),
    '',
    ...values(root, name, known),
    '',
    ...positions(root, name, known),
    '',
    `complete -F ${name} ${root.name}`,
    '',
  ].join('\n');
}

function tables(root: CommandNode, name: string): readonly string[] {
  const cases = withDescendants(root).map((node) => {
    const commands = node.commands.map((child) => child.name).join(' ');
    const options = node.options.flatMap(namesOf).join(' ');
    return `    ${quoted(placeOf(node))}) commands=${quoted(commands)} options=${quoted(options)} ;;`;
  });
  return [`${name}_tables() {`, '  case $place in', ...cases, '  esac', '}'];
}

function takes(root: CommandNode, name: string): readonly string[] {
  const cases = valuedOptions(root).flatMap(({ node, option, value }) =>
    namesOf(option).map(
      (typed) => `    ${quoted(`${placeOf(node)} ${typed}`)}) many=${value.variadic ? 'yes' : "''"} ;;`,
    ),
  );
  return [`${name}_takes() {`, '  case $1 in', ...cases, '    *) return 1 ;;', '  esac', '}'];
}

function values(root: CommandNode, name: string, known: KnownWords): readonly string[] {
  const cases = valuedOptions(root).flatMap(({ node, option, value }) => {
    const offer = offered(candidatesFor(value, known), name);
    if (offer === null) return [];
    return namesOf(option).map((typed) => `    ${quoted(`${placeOf(node)} ${typed}`)}) ${offer} ;;`);
  });
  return [`${name}_value() {`, '  case $1 in', ...cases, '  esac', '}'];
}

function positions(root: CommandNode, name: string, known: KnownWords): readonly string[] {
  const cases = withDescendants(root).flatMap((node) =>
    node.arguments.flatMap((slot, index) => {
      const candidates = candidatesFor(slot, known);
      const offer = offered(candidates, name);
      if (offer === null) return [];
      const first = `    ${quoted(`${placeOf(node)} ${index}`)}) ${offer} ;;`;
      if (!slot.variadic) return [first];
      const further = candidates.kind === 'program' ? offered({ kind: 'file' }, name) : offer;
      return [first, `    ${quoted(`${placeOf(node)} `)}*) ${further} ;;`];
    }),
  );
  return [`${name}_argument() {`, '  case "$1 $2" in', ...cases, '  esac', '}'];
}

function offered(candidates: Candidates, name: string): string | null {
  switch (candidates.kind) {
    case 'words':
      return `${name}_words ${quoted(candidates.words.join(' '))}`;
    case 'file':
      return `${name}_files -f`;
    case 'directory':
      return `${name}_files -d`;
    case 'key':
      return `${name}_keys`;
    case 'program':
      return `${name}_programs`;
    case 'nothing':
      return null;
  }
}
