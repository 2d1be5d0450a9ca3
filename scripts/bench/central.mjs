// `npm run bench:central`: sets everything up, then measures how many agents one central holds and what it stores a second.
import { join } from 'node:path';
import { handOver } from '../setup/handover.mjs';
import { userEnv } from '../setup/runtime.mjs';
import { fail, root, setUp } from '../setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'bench', 'central-load.mjs'), ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
