import { languageFor } from './trace-script.ts';
import type { LaunchTracer } from './tracing.ts';

const START_VALUES: ReadonlySet<string> = new Set(['-o', '+o', '-O', '+O', '--rcfile', '--init-file']);
const INIT_FILES: ReadonlySet<string> = new Set(['--rcfile', '--init-file']);

/** `sh -c TEXT` and `sh script`: options in front, `-lc` and `-l -c` alike. */
export const traceShell: LaunchTracer = (tracing, { command, args, cwd, depth, nested }) => {
  let hasText = false;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!/^[-+]./.test(arg)) break;
    if (arg === '--') {
      at += 1;
      break;
    }
    hasText ||= /^-[a-zA-Z]*c[a-zA-Z]*$/.test(arg) || arg === '--command';
    if (INIT_FILES.has(arg)) tracing.namedFile('helper', args[at + 1] ?? '', cwd);
    if (START_VALUES.has(arg)) at += 1;
  }
  const first = args[at];
  if (first === undefined) {
    if (hasText) tracing.set.addUnresolved('', 'shell is told to run a text that is not there');
    return { serverArgs: [] };
  }
  const serverArgs = args.slice(at + 1);
  if (hasText) tracing.shellText(first, cwd, depth);
  tracing.fileArguments(serverArgs, cwd);
  if (hasText) return { serverArgs };
  const script = tracing.scripts.addScript(nested ? 'helper' : 'script', first, cwd, languageFor(command), {
    withLocks: !nested,
  });
  return { serverArgs, script };
};

/** `cmd /c npx …`: what follows the switch is a command line of its own. */
export const traceWindowsShell: LaunchTracer = (tracing, { args, cwd, depth, nested }) => {
  const at = args.findIndex((arg) => /^\/[ck]/i.test(arg));
  if (at < 0) {
    tracing.set.addUnresolved('', 'shell is told to run nothing');
    return { serverArgs: args };
  }
  const joined = (args[at] ?? '').slice('/c'.length);
  const words = [...(joined === '' ? [] : [joined]), ...args.slice(at + 1)];
  const commands = splitCommands(words.flatMap((word, index) => (index === 0 ? splitWords(word) : [word])));
  const [last = []] = commands.slice(-1);
  for (const command of commands.slice(0, -1)) run(command);
  const inner = run(last);
  return { serverArgs: inner.serverArgs, package: inner.package, script: inner.script };

  function run([command = '', ...rest]: readonly string[]) {
    return tracing.trace({ command, args: rest, cwd, depth, nested });
  }
};

const WINDOWS_SEPARATORS: ReadonlySet<string> = new Set(['&', '&&', '||', '|']);
/** Words of cmd.exe that stand before a command. */
const WINDOWS_PREFIXES: ReadonlySet<string> = new Set(['call', 'start', '/b', '/wait', '@']);

function splitCommands(words: readonly string[]): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (WINDOWS_SEPARATORS.has(word)) commands.push([]);
    else if (commands.at(-1)?.length !== 0 || !WINDOWS_PREFIXES.has(word.toLowerCase()))
      commands.at(-1)?.push(word);
  }
  return commands.filter((command) => command.length > 0);
}

/** Words of one text, double quotes taken off. */
function splitWords(text: string): readonly string[] {
  return Array.from(text.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '');
}

/** `powershell -File x.ps1` and `-Command TEXT`; the text is read as simple commands. */
export const tracePowershell: LaunchTracer = (tracing, { args, cwd, depth, nested }) => {
  const at = args.findIndex((arg) => /^-(?:c|command|f|file|e|ec|enc|encodedcommand)$/i.test(arg));
  const flag = (args[at] ?? '').toLowerCase();
  const rest = args.slice(at + 1);
  if (at < 0 || flag.startsWith('-e')) {
    tracing.set.addUnresolved('', 'what powershell is told to run cannot be read');
    tracing.fileArguments(args, cwd);
    return { serverArgs: args };
  }
  if (flag.startsWith('-f')) {
    const role = nested ? 'helper' : 'script';
    const script = tracing.scripts.addScript(role, rest[0] ?? '', cwd, null);
    tracing.set.addUnresolved(rest[0] ?? '', 'powershell scripts are not searched for what they run');
    return { script, serverArgs: rest.slice(1) };
  }
  const commands = rest
    .join(' ')
    .split(/[;|]|&&/)
    .map((text) => splitWords(text.replace(/^\s*&\s*/, '').replaceAll("'", '"')));
  for (const [command, ...words] of commands) {
    if (command !== undefined) tracing.trace({ command, args: words, cwd, depth, nested: true });
  }
  return { serverArgs: [] };
};
