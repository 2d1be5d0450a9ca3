// `npm run bench:verify`: sets everything up, then measures `sealwatch verify` over fifty approved servers.
import { join } from 'node:path';
import { handOver } from '../setup/handover.mjs';
import { userEnv } from '../setup/runtime.mjs';
import { fail, root, setUp } from '../setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'bench', 'verifications.mjs'), ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
