// `npm run manual`: writes the manual pages and completions that packages install, from the commands as they are now.
import { join } from 'node:path';
import { handOver } from './setup/handover.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'manual', 'write.mjs')], { env: userEnv() });
  })
  .catch(fail);
