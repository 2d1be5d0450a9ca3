// `npm run bench:guard`: sets everything up, then measures a server through the guard against the server itself.
import { join } from 'node:path';
import { handOver } from '../setup/handover.mjs';
import { userEnv } from '../setup/runtime.mjs';
import { fail, root, setUp } from '../setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'bench', 'guarded-calls.mjs'), ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
