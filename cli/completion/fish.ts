import { type CommandNode, type OptionNode, type ValueSlot, withDescendants } from '../command-tree.ts';
import { type Candidates, candidatesFor, type KnownWords } from './candidates.ts';
import { namesOf, placeOf, scriptHead, valuedOptions } from './script-words.ts';

/**
 * `FUNCTION_at PLACE [COUNT]` is true where the words before the cursor lead to that command, with that many arguments, and
 * for `PLACE OPTION` where an option that takes several values is taking them.
 * It is asked many times for one line, so what it found is kept. Nothing typed is ever evaluated.
 */
const WALK = `function FUNCTION_walk
    set -g FUNCTION_place ''
    set -g FUNCTION_count 0
    set -g FUNCTION_open ''
    set -l waiting ''
    set -l ended ''
    for word in $argv
        if test -n "$ended"
            set FUNCTION_count (math $FUNCTION_count + 1)
        else if test "$word" = --
            set ended yes
            set FUNCTION_open ''
        else if string match -qr -- '^-.' "$word"
            set waiting ''
            set FUNCTION_open ''
            if contains -- "$FUNCTION_place $word" $FUNCTION_many
                set waiting many
                set FUNCTION_open "$FUNCTION_place $word"
            else if contains -- "$FUNCTION_place $word" $FUNCTION_valued
                set waiting one
            end
        else if test -n "$waiting"
            test "$waiting" = one; and set waiting ''
        else
            set -l deeper "$word"
            test -n "$FUNCTION_place"; and set deeper "$FUNCTION_place $word"
            if contains -- "$deeper" $FUNCTION_commands
                set FUNCTION_place "$deeper"
            else if contains -- "$FUNCTION_place" $FUNCTION_groups
                set FUNCTION_place '?'
                return
            else
                set FUNCTION_count (math $FUNCTION_count + 1)
            end
        end
    end
end

function FUNCTION_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l line (string escape -- $words | string join ' ')
    if not set -q FUNCTION_line; or test "$FUNCTION_line" != "$line"
        FUNCTION_walk $words
        set -g FUNCTION_line "$line"
    end
    test -n "$FUNCTION_open"; and test "$FUNCTION_open" = "$argv[1]"; and return 0
    test "$FUNCTION_place" = "$argv[1]"; or return 1
    test -z "$argv[2]"; or test "$FUNCTION_count" = "$argv[2]"
end

function FUNCTION_programs
    set -l typed (commandline -ct)
    # fish would run a substitution in the name of a program.
    string match -qr -- '^[\\w./+~-]+$' "$typed"; and complete -C"$typed"
end

function FUNCTION_keys
    set -l directory "$HOME/.local/state/sealwatch"
    set -q XDG_STATE_HOME; and test -n "$XDG_STATE_HOME"; and set directory "$XDG_STATE_HOME/sealwatch"
    test (id -u) = 0; and set directory /var/lib/sealwatch
    set -l words (commandline -opc)
    for at in (seq (count $words))
        if test "$words[$at]" = --state-dir
            set -l next (math $at + 1)
            set -q words[$next]; and set directory (string replace -r '^~/' "$HOME/" -- "$words[$next]")
        else if string match -q -- '--state-dir=*' "$words[$at]"
            set directory (string replace -- --state-dir= '' "$words[$at]")
        end
    end
    for file in "$directory"/keys/*.pem
        string match -r -- '^[A-Za-z0-9_][A-Za-z0-9._-]*$' (string replace -r '.*/' '' -- "$file" | string replace -r '\\.pem$' '')
    end
end
`;

/** The script with which fish completes the program. */
export function fishCompletion(root: CommandNode, known: KnownWords): string {
  const name = `__${root.name.replaceAll('-', '_')}`;
  const nodes = withDescendants(root);
  const valued = valuedOptions(root).flatMap(({ node, option, value }) =>
    namesOf(option).map((typed) => ({ place: `${placeOf(node)} ${typed}`, many: value.variadic })),
  );
  const list = (of: string, words: readonly string[]) =>
    `set -g ${name}_${of} ${words.map(quotedForFish).join(' ')}`;
  const groups = nodes.filter(({ commands }) => commands.length > 0).map(placeOf);
  return [
    ...scriptHead(root.name),
    '',
    list('commands', nodes.slice(1).map(placeOf)),
    list('groups', groups),
    list(
      'valued',
      valued.map(({ place }) => place),
    ),
    list(
      'many',
      valued.filter(({ many }) => many).map(({ place }) => place),
    ),
    '',
    WALK.replaceAll('FUNCTION', name),
    `complete -c ${root.name} -f`,
    ...nodes.flatMap((node) => linesOf(node, root.name, name, known)),
    '',
  ].join('\n');
}

/** A text between single quotes as fish reads it. */
function quotedForFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function linesOf(node: CommandNode, program: string, name: string, known: KnownWords): readonly string[] {
  const line = (count: string, rest: string, place = placeOf(node)) => {
    const condition = [`${name}_at`, quotedForFish(place), count].filter((part) => part !== '');
    return `complete -c ${program} -n ${quotedForFish(condition.join(' '))} ${rest}`;
  };
  const offer = (slot: ValueSlot) => offered(candidatesFor(slot, known), name);
  const positions = node.arguments.flatMap((slot, index) => {
    const words = offer(slot);
    const described = `-d ${quotedForFish(slot.description)}`;
    if (candidatesFor(slot, known).kind === 'program')
      return [line('0', `${words} ${described}`), line('', '-F')];
    return words === null ? [] : [line(slot.variadic ? '' : String(index), `${words} ${described}`)];
  });
  const open = node.options.flatMap(({ long, value }) => {
    const words = value?.variadic === true ? offer(value) : null;
    return words === null ? [] : [line('', words, `${placeOf(node)} ${long}`)];
  });
  return [
    ...node.commands.map((child) =>
      line('', `-a ${quotedForFish(child.name)} -d ${quotedForFish(child.description)}`),
    ),
    ...node.options.map((option) => line('', optionWords(option, offer))),
    ...positions,
    ...open,
  ];
}

function optionWords(option: OptionNode, offer: (slot: ValueSlot) => string | null): string {
  const names = namesOf(option).map((typed) =>
    typed.startsWith('--') ? `-l ${typed.slice(2)}` : `-s ${typed.slice(1)}`,
  );
  const value = option.value === null ? [] : ['-r', offer(option.value) ?? '-f'];
  return [...names, ...value, '-d', quotedForFish(option.description)].join(' ');
}

function offered(candidates: Candidates, name: string): string | null {
  switch (candidates.kind) {
    case 'words':
      return `-f -a ${quotedForFish(candidates.words.join(' '))}`;
    case 'file':
      return '-F';
    case 'directory':
      return `-f -a ${quotedForFish('(__fish_complete_directories (commandline -ct))')}`;
    case 'key':
      return `-f -a ${quotedForFish(`(${name}_keys)`)}`;
    case 'program':
      return `-f -a ${quotedForFish(`(${name}_programs)`)}`;
    case 'nothing':
      return null;
  }
}
