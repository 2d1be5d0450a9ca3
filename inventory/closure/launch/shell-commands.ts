/** Words of a shell that are no programs of their own (POSIX.1-2024 XCU 2.4, 2.15 and bash(1)). */
const SHELL_OWN: ReadonlySet<string> = new Set(
  `alias bg bind break builtin caller case cd command compgen complete continue coproc declare dirs disown
  do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help
  history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return
  select set shift shopt source suspend test then times trap true type typeset ulimit umask unalias unset
  until wait while . : [ [[ ]] ! { }`.split(/\s+/),
);
/** Programs of every system that only handle text and files that they are given: they choose no code. */
const SYSTEM_TOOLS: ReadonlySet<string> = new Set(
  `awk basename cat chmod cp cut date dirname grep head hostname id ln ls mkdir mktemp mv ps readlink
  realpath rm sed seq sleep sort tail tee touch tput tr uname wc which whoami`.split(/\s+/),
);
const LOADER_ASSIGNMENT =
  /(?:^|[\s;&|(])(NODE_OPTIONS|LD_PRELOAD|BASH_ENV|ENV|PYTHONSTARTUP|DYLD_INSERT_LIBRARIES)=("[^"\n]{0,1000}"|'[^'\n]{0,1000}'|[^\s;&|()'"]{1,1000})/g;

/** Whether a bare word of a shell text may name a program that is worth sealing. */
export function isProgramName(word: string): boolean {
  return /^[A-Za-z_][\w.+-]*$/.test(word) && !SHELL_OWN.has(word) && !SYSTEM_TOOLS.has(word);
}

/** A command that is only known when the text runs: `"$NODE" x.js`; not `$@` or `$(…)`. */
export function isVariableCommand(word: string): boolean {
  return /^\$\{?[A-Za-z_]/.test(word);
}

/** Names of functions that a shell text defines. */
export function functionNames(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/([A-Za-z_][\w-]{0,100})[ \t]*\(\)/g), ([, name]) => name ?? ''));
}

/** Assignments of variables by which loaders and shells read code. */
export function loaderAssignments(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(text.matchAll(LOADER_ASSIGNMENT), ([, name, value]) => [
      name ?? '',
      (value ?? '').replace(/^(["'])([\s\S]*)\1$/, '$2'),
    ]),
  );
}
