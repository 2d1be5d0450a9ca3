// `npm run bench:scan`: sets everything up, then measures a scan of a large home beside fd and sha256sum.
import { join } from 'node:path';
import { handOver } from '../setup/handover.mjs';
import { userEnv } from '../setup/runtime.mjs';
import { fail, root, setUp } from '../setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'bench', 'measure.mjs'), ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
