import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Shell } from '../../cli/completion/shells.ts';
import { TempDirectory } from '../temp-directory.ts';

/** Milliseconds that a shell may take for all lines. */
const PATIENCE_MS = 100_000;

/** A program's completion in one shell, and where the lines are typed. */
export interface Session {
  /** The script as it is installed, by the name of its file. */
  readonly script: { readonly name: string; readonly text: string };
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the shell as this user, which only root can. */
  readonly uid?: number;
  /** A file that is read before the script. */
  readonly before?: string;
}

/**
 * Calls the function that bash would call for a line: its words as readline breaks them. The words come as arguments, so
 * that nothing of them is evaluated by the driver itself.
 */
const BASH = `
[[ -n $BEFORE ]] && source "$BEFORE"
source "$SCRIPT"
while IFS= read -r line; do
  IFS=$'\\x1f' read -ra COMP_WORDS <<< "$line"
  [[ $line == *$'\\x1f' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMP_LINE="\${COMP_WORDS[*]}" COMPREPLY=()
  COMP_POINT=\${#COMP_LINE}
  handler=$(complete -p -- "\${COMP_WORDS[0]}")
  handler=\${handler#*-F } handler=\${handler%% *}
  "$handler" "\${COMP_WORDS[0]}" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}" 2>&1
  for word in "\${COMPREPLY[@]}"; do printf 'HIT:%s\\n' "$word"; done
  echo END:
done
`;

const FISH = `
source $SCRIPT
while read -l line
  complete -C (string replace --all \\x1f ' ' -- "$line") | string replace -r '\\t.*' '' | string replace -r '^' HIT:
  echo END:
end
`;

/** Types into a zsh that runs in a terminal of its own; `compadd` is where all that it would offer passes. */
const ZSH_HOOKS = `
bindkey -e
bindkey '^I' complete-word
zstyle ':completion:*' verbose false
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  local hit
  for hit in $hits; do print -r -- "HIT:$hit:"; done
  builtin compadd "$@"
}
finish() { print -r -- END:; exit; }
comppostfuncs=(finish)
`;
const ZSH = `
zmodload zsh/zpty
while IFS= read -r line; do
  zpty session zsh -f -i
  zpty -w session "unset zle_bracketed_paste; PROMPT=; stty -echo; fpath=(\${(q)FUNCTIONS} \\$fpath)"
  zpty -w session "autoload -Uz compinit; compinit -u -d \${(q)FUNCTIONS}/dump; source \${(q)HOOKS}; print O''K"
  zpty -r session seen "*OK*"
  zpty -n -w session "\${line//$'\\x1f'/ }"$'\\t'
  zpty -r session seen "*END:*"
  print -r -- "$seen" | tr -d '\\r' | sed -n 's/^.*HIT:\\(.*\\):$/HIT:\\1/p'
  print END:
  zpty -d session
done
`;

/** What a shell offers for each line, which is given as the words that it is broken into; the last is being typed. */
export function offers(
  shell: Shell,
  session: Session,
  lines: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  using place = new TempDirectory();
  const directory = place.at('functions');
  mkdirSync(directory);
  for (const path of [place.path, directory]) chmodSync(path, 0o777);
  const script = place.write(join('functions', session.script.name), session.script.text);
  const driver = place.write('driver', { bash: BASH, zsh: ZSH, fish: FISH }[shell]);
  const home = session.env?.['HOME'] ?? place.path;
  const { stdout, stderr, status } = spawnSync(
    shell,
    shell === 'bash' ? ['--norc', driver] : shell === 'zsh' ? ['-f', driver] : ['--no-config', driver],
    {
      cwd: session.directory,
      input: lines.map((words) => `${words.join('\x1f')}\n`).join(''),
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      ...(session.uid === undefined ? {} : { uid: session.uid, gid: session.uid }),
      env: {
        PATH: process.env['PATH'],
        TERM: 'dumb',
        LC_ALL: 'C.UTF-8',
        ...session.env,
        HOME: home,
        SCRIPT: script,
        BEFORE: session.before ?? '',
        FUNCTIONS: directory,
        HOOKS: place.write('hooks', ZSH_HOOKS),
      },
    },
  );
  const answers = stdout.split('END:\n').slice(0, -1).map(hits);
  if (status !== 0 || answers.length !== lines.length || stderr !== '')
    throw new Error(
      `${shell} ended with ${status} after ${answers.length} lines: ${stderr}${stdout.slice(-500)}`,
    );
  return answers;
}

/** The words that are told, each once; a shell may add the slash of a directory and the signs that keep blanks in a word. */
function hits(text: string): readonly string[] {
  const words = text.split('\n').filter((line) => line !== '');
  const strange = words.filter((line) => !line.startsWith('HIT:'));
  if (strange.length > 0) throw new Error(`the shell said: ${strange.join('\n')}`);
  return [...new Set(words.map((line) => line.slice('HIT:'.length).replace(/\/$/, '')))].toSorted();
}
