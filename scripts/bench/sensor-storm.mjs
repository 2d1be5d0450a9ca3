// The storm of numbered execs: compiled once, then the words that run it.
import { join } from 'node:path';
import { run } from './sensor-child.mjs';

const PROGRAM = '/bin/true';

/** Compiles exec-storm.c into a directory; statically, where the machine can, so that forking it is cheap. */
export async function compileStorm(directory) {
  const out = join(directory, 'exec-storm');
  const words = ['-O2', '-o', out, join(import.meta.dirname, 'exec-storm.c')];
  await run('cc', ['-static', ...words]).catch(() => run('cc', words));
  return out;
}

/** The words of a storm: `perSecond` 0 is as fast as it goes. */
export function stormWords(storm, token, count, { workers = 2, perSecond = 0, stamps = '-', program } = {}) {
  return [storm, token, count, workers, perSecond, stamps, ...(program ?? [PROGRAM])].map(String);
}

/** What the storm said of itself; a number that could not be started is no loss, and makes the run void. */
export function stormResult({ stdout }) {
  const { seconds, failed } = JSON.parse(stdout);
  if (failed > 0) throw new Error(`${failed} programs of the storm could not be started`);
  return { seconds };
}
