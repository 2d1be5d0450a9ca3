import { basename } from 'node:path';
import type { LaunchSpec } from '../../inventory/index.ts';

/** Words that may stand before the command itself: `/usr/bin/env node /usr/bin/npx …`. */
export const MAX_PREFIX_WORDS = 4;
/** `sh -c CODE npx -y x` runs CODE, not npx: the words behind it are its own arguments. */
const INLINE_CODE = /^(?:-[a-z]*c|-e|-p|-pe|--eval|--print)$/;
/** npm and npx name their own process so once they run, which hides the real words from a sweep. */
const NPM_TITLE = /^npm exec (.+)$/;

/**
 * Whether an argument vector is the start that a config entry asks for: it ends in the entry's arguments,
 * and the word before them is its command; interpreters and `env` may stand in front. Variables that the client expands match anything.
 */
export function matchesLaunch(argv: readonly string[], spec: LaunchSpec): boolean {
  if (spec.launcher === 'npx' && matchesNpmTitle(argv, spec)) return true;
  const prefix = argv.length - spec.args.length;
  if (prefix < 1 || prefix > MAX_PREFIX_WORDS) return false;
  if (argv.slice(1, prefix).some((word) => INLINE_CODE.test(word))) return false;
  if (!spec.args.every((wanted, index) => matchesWord(argv[prefix + index] ?? '', wanted))) return false;
  const command = basename(spec.command);
  const resolved = spec.resolved === null ? command : basename(spec.resolved);
  const name = basename(argv[prefix - 1] ?? '');
  return name === command || name === resolved;
}

function matchesWord(word: string, wanted: string): boolean {
  if (word === wanted) return true;
  const variable = wanted.search(/[$~%{]/);
  return variable >= 0 && word.startsWith(wanted.slice(0, variable)) && hasVariable(wanted);
}

/** Whether a client may put something else in the place of a part of this word. */
export function hasVariable(word: string): boolean {
  return /^~|\$\{|\$[A-Z_]|%[A-Z_]+%|\{env:/.test(word);
}

function matchesNpmTitle(argv: readonly string[], spec: LaunchSpec): boolean {
  const title = NPM_TITLE.exec(argv.filter((word) => word !== '').join(' '))?.[1];
  if (title === undefined || spec.package === null) return false;
  return title === [spec.package, ...spec.server_args].join(' ');
}
