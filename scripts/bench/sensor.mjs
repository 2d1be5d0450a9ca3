// `npm run bench:sensor`: sets everything up, then measures what the kernel sensor loses and what it costs.
import { join } from 'node:path';
import { handOver } from '../setup/handover.mjs';
import { userEnv } from '../setup/runtime.mjs';
import { fail, root, setUp } from '../setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'bench', 'sensor-parts.mjs'), ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
