// `npm run mdm`: writes profiles, launchd jobs and preferences for a device management; docs/mdm.md.
import { join } from 'node:path';
import { handOver } from './setup/handover.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

setUp()
  .then(({ node }) => {
    const program = join(root, 'packaging', 'mdm', 'main.ts');
    const words = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types', program];
    handOver(node, [...words, ...process.argv.slice(2)], { env: userEnv() });
  })
  .catch(fail);
