import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { MAX_STEPS } from './client-ancestry.ts';
import { isShellName } from './launch-chain.ts';
import { MAX_PREFIX_WORDS } from './launch-match.ts';
import type { ProcessEntry } from './process-table.ts';

/** What the guard starts servers with: the parent of the server, with the words of the server behind its own. */
const LAUNCHER = 'sealwatch-launcher';

type Process = Pick<ProcessEntry, 'exe' | 'argv' | 'parent'>;

/**
 * Knows the processes of the guard of this installation: the script that clients start, the program that it becomes,
 * and the launcher that it starts servers with. They are neither servers nor what came out of one.
 */
export class GuardProcesses {
  readonly #programs: ReadonlySet<string>;

  /** `guards` are paths of `bin/sealwatch`, whose program is found as that script finds it. */
  constructor(guards: readonly string[]) {
    const real = guards.flatMap((path) => realPath(path) ?? []);
    const mains = real.map((path) => join(dirname(dirname(path)), 'dist', 'bundle', 'start.js'));
    this.#programs = new Set([...real, ...mains]);
  }

  has(entry: Process): boolean {
    if (this.#programs.size === 0) return false;
    // Its child is it, too, until that becomes the server.
    if (basename(entry.exe) === LAUNCHER) return entry.parent !== null && this.has(entry.parent);
    return this.#isGuard(entry);
  }

  /** The guard that a process was started by, on the way of a launch; null where none did. */
  above(entry: Process): ProcessEntry | null {
    let at = entry.parent;
    for (let step = 0; at !== null && step < MAX_STEPS; step += 1) {
      if (this.#isGuard(at)) return at;
      at = at.parent;
    }
    return null;
  }

  #isGuard({ exe, argv }: Process): boolean {
    const verb = argv.indexOf('guard');
    if (verb < 1 || verb > MAX_PREFIX_WORDS) return false;
    const image = basename(exe);
    if (image !== 'node' && !isShellName(image)) return false;
    // Options of the interpreter alone: behind inline code the program would be a mere word.
    const options = argv.slice(1, verb - 1);
    if (!options.every((word) => /^--[a-z-]+=\d+$/.test(word))) return false;
    const program = argv[verb - 1] ?? '';
    return isAbsolute(program) && this.#programs.has(realPath(program) ?? '');
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
