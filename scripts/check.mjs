// `npm run check`: types, lint, dead code, import directions, constants written twice.
import { join } from 'node:path';
import { checkConstants } from './checks/constants.mjs';
import { checkImports } from './checks/imports.mjs';
import { runLogged, SetupError } from './setup/command.mjs';
import { step } from './setup/progress.mjs';
import { runtimeEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

const bin = (...path) => join(root, 'node_modules', ...path);

function tool(node, name, args) {
  return step(name, async () => {
    const log = join(root, '.cache', 'check.log');
    const result = await runLogged(node, args, { cwd: root, env: runtimeEnv(node), log });
    if (result.status !== 0) throw new SetupError(`${name} found faults:\n${result.tail}`);
    return 'clean';
  });
}

function rule(name, check) {
  return step(name, async () => {
    const faults = check(root);
    if (faults.length > 0) throw new SetupError(`${name} found faults:\n${faults.join('\n')}`);
    return 'clean';
  });
}

/** Runs every check; throws at the first that finds faults. */
export async function check(node) {
  await tool(node, 'types', [bin('typescript', 'bin', 'tsc'), '--build', root]);
  await tool(node, 'lint', [
    bin('@biomejs', 'biome', 'bin', 'biome'),
    'ci',
    '--colors=off',
    '--error-on-warnings',
    root,
  ]);
  await tool(node, 'dead code', [bin('knip', 'bin', 'knip.js')]);
  await rule('import directions', checkImports);
  await rule('constants', checkConstants);
}

if (process.argv[1]?.endsWith('check.mjs')) {
  setUp()
    .then(({ node }) => check(node))
    .catch(fail);
}
