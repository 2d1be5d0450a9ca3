// `npm run demo`: sets everything up and plays one story against the real parts in a temporary home.
import { join } from 'node:path';
import { handOver } from './setup/handover.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'scripts', 'demo', 'story.mjs'), ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
