import type { Finding, Severity } from '../../wire/index.ts';
import { finding, listed, type Posture } from './posture.ts';

/** Names of servers whose arguments are the directories that they may read and write. */
const FILE_SERVER =
  /(?:^|[-_/@.])(?:filesystem|file-system|fs|files|file-server|server-files)(?:[-_/@.:]|$)/i;
const HOME_WORDS = /^(?:~|\$HOME|\$\{(?:env:)?HOME\}|\$\{userHome\}|%USERPROFILE%)$/;
const ROOTS = /^(?:\/|[A-Za-z]:[\\/]?)$/;
const KEYS = /(?:^|[\\/])\.(?:ssh|aws|gnupg|kube|azure)$/;

/** A file server that is given all, a whole home, or a directory of keys. */
export function rootFilesystem(posture: Posture): readonly Finding[] {
  const { entry, launch, home } = posture;
  const names = [launch?.package, launch?.script, entry.command].filter((name) => typeof name === 'string');
  if (launch === null || !names.some((name) => FILE_SERVER.test(name))) return [];
  const reached = launch.server_args.flatMap((arg) => {
    const path = arg.length > 1 ? arg.replace(/(?<=[^:])[\\/]+$/, '') : arg;
    const severity = reach(path, home);
    return severity === null ? [] : [{ path: arg, severity }];
  });
  if (reached.length === 0) return [];
  const worst = reached.some(({ severity }) => severity === 'high') ? 'high' : 'medium';
  const message = `the server may read and write ${listed(reached.map(({ path }) => path))}`;
  return [finding('mcp_root_filesystem', message, worst)];
}

function reach(path: string, home: string): Severity | null {
  if (ROOTS.test(path) || KEYS.test(path)) return 'high';
  return HOME_WORDS.test(path) || path === home || /^\/(?:home|Users|root|etc)$/.test(path) ? 'medium' : null;
}
