// `npm run soak`: sets everything up and uses real servers for ten minutes, or for SEALWATCH_SOAK_SECONDS.
import { join } from 'node:path';
import { handOver } from './setup/handover.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

const SECONDS = '600';
const TEST = join(root, 'test', 'e2e', 'real-servers', 'soak.test.ts');

setUp()
  .then(({ node }) => {
    const words = [
      '--disable-warning=ExperimentalWarning',
      '--experimental-strip-types',
      '--test',
      '--test-reporter=spec',
      TEST,
    ];
    handOver(node, words, { env: { SEALWATCH_SOAK_SECONDS: SECONDS, ...userEnv() } });
  })
  .catch(fail);
