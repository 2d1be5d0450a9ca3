// `npm start`: sets everything up and runs the main job on this host.
import { join } from 'node:path';
import { handOver } from './setup/handover.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

setUp()
  .then(({ node }) => {
    handOver(node, [join(root, 'dist', 'cli', 'main.js'), 'up', ...process.argv.slice(2)], {
      env: userEnv(),
    });
  })
  .catch(fail);
