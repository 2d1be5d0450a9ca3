import type { Finding, Severity } from '../../wire/index.ts';
import { matchLauncher, readDockerRun, readPackageSpec, readRunnerCall } from '../closure/launch/launcher.ts';
import { commandName, finding, type Posture } from './posture.ts';
import { redactText } from './redact.ts';

const SHELL_TEXT_FLAG = /^-[A-Za-z]*c[A-Za-z]*$/;
const UNIX_SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'fish']);
const POWERSHELLS: ReadonlySet<string> = new Set(['powershell', 'pwsh']);
/** Programs that run the command that follows their own options and assignments. */
const PREFIXES: ReadonlySet<string> = new Set(['env', 'nohup', 'sudo', 'doas', 'nice', 'wsl', 'command']);
/** A text from the network or an encoding that ends in an interpreter. */
const FETCH_AND_RUN =
  /\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod|base64\s+-(?:d|-decode))\b[\s\S]{0,400}(?:\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b|\|\s*(?:python|node|perl|iex)\b|\biex\b|invoke-expression)|\b(?:ba|z|da|k)?sh\s+<\(|\beval\s+["'$(`]/i;
const SHELL_OPERATORS = /[;|<>`\n]|&&|\$\(|(?<!&)&(?!&)/;

interface ShellCall {
  readonly shell: string;
  readonly text: string;
  readonly family: 'unix' | 'cmd' | 'powershell';
}

/** A package or image that is asked for without an exact version or digest. */
export function unpinnedPackage({ launch }: Posture): readonly Finding[] {
  if (launch === null || launch.package === null) return [];
  const spec = launch.package;
  const isPinned =
    launch.launcher === 'docker' ? /@sha256:[0-9a-f]{64}$/.test(spec) : readPackageSpec(spec).pinned;
  if (isPinned) return [];
  const message = `${launch.launcher} runs ${redactText(spec, '', 'show')} without an exact version: what it fetches can change at any start`;
  return [finding('mcp_unpinned_package', message)];
}

/** `npx -c TEXT` and its spellings. */
export function npxCall({ entry }: Posture): readonly Finding[] {
  if (entry.command === null) return [];
  const { launcher, rest } = matchLauncher(entry.command, entry.args);
  if (launcher !== 'npx' || readRunnerCall(rest).call === null) return [];
  return [
    finding('mcp_npx_call', `${commandName(entry.command)} runs a shell text instead of naming a program`),
  ];
}

/** `sh -c`, `cmd /c`, `powershell -Command`; what the text does sets the severity. */
export function shellWrapper({ entry }: Posture): readonly Finding[] {
  if (entry.command === null) return [];
  const call = shellCall(entry.command, entry.args);
  if (call === null) return [];
  const { severity, what } = judgeText(call);
  return [finding('mcp_shell_wrapper', `${call.shell} ${what}`, severity)];
}

function judgeText({ text, family }: ShellCall): { readonly severity: Severity; readonly what: string } {
  if (FETCH_AND_RUN.test(text)) return { severity: 'high', what: 'runs text that it fetches or decodes' };
  if (family === 'powershell') {
    const encoded = /(?:^|\s)[-/]e(?:nc(?:odedcommand)?|c)?\s/i.test(`${text} `);
    if (encoded) return { severity: 'high', what: 'runs an encoded command' };
    if (/executionpolicy\s+(?:bypass|unrestricted)/i.test(text))
      return { severity: 'medium', what: 'runs with its execution policy switched off' };
  }
  if (SHELL_OPERATORS.test(text)) return { severity: 'medium', what: 'runs a text of several commands' };
  // On Windows npx is a batch file, which only cmd can run: vendors' instructions say `cmd /c npx …`.
  const plain = family === 'cmd' ? 'informational' : 'low';
  return { severity: plain, what: 'stands between the client and the server' };
}

/** The shell text of a command line, also behind `env A=1` and the like. */
function shellCall(command: string, args: readonly string[], depth = 0): ShellCall | null {
  const shell = commandName(command);
  if (UNIX_SHELLS.has(shell)) {
    const at = args.findIndex((arg) => SHELL_TEXT_FLAG.test(arg));
    const isScript = args.slice(0, Math.max(at, 0)).some((arg) => !/^[-+]/.test(arg));
    return at < 0 || isScript ? null : { shell, text: args[at + 1] ?? '', family: 'unix' };
  }
  if (shell === 'cmd') {
    const at = args.findIndex((arg) => /^\/[ck]/i.test(arg));
    return at < 0 ? null : { shell, text: args.slice(at + 1).join(' '), family: 'cmd' };
  }
  if (POWERSHELLS.has(shell)) {
    const runsFile = args.some((arg) => /^[-/]f(?:ile)?$/i.test(arg));
    const isOpen = args.some((arg) => /executionpolicy|^[-/]ep$/i.test(arg));
    return runsFile && !isOpen ? null : { shell, text: args.join(' '), family: 'powershell' };
  }
  if (!PREFIXES.has(shell) || depth > 3) return null;
  const at = args.findIndex((arg) => !/^-/.test(arg) && !/^[A-Za-z_]\w*=/.test(arg));
  return at < 0 ? null : shellCall(args[at] ?? '', args.slice(at + 1), depth + 1);
}

/** Arguments of `docker run` before the image; null where the entry starts no container. */
export function dockerOptions({ entry }: Posture): readonly string[] | null {
  if (entry.command === null) return null;
  const { launcher, rest } = matchLauncher(entry.command, entry.args);
  if (launcher !== 'docker') return null;
  const { image, words } = readDockerRun(rest);
  return rest.slice(0, rest.length - words.length - (image === null ? 0 : 1));
}
