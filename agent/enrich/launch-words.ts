import { basename } from 'node:path';
import type { LaunchWords } from '../../collectors/index.ts';
import type { KnownServer } from './known-server.ts';
import { hasVariable } from './launch-match.ts';

/** By what the kernel sensor picks the starts of these servers out of all others; the tracker decides. */
export function launchWords(servers: readonly KnownServer[]): readonly LaunchWords[] {
  return servers.flatMap(({ launch }) => {
    if (launch === null) return [];
    const { command, resolved, args } = launch.spec;
    const names = new Set([basename(command), basename(resolved ?? command)]);
    const last = args.at(-1) ?? null;
    const fixed = last === null || last === '' || hasVariable(last) ? null : last;
    return [...names].map((name) => ({ command: name, last: fixed }));
  });
}
