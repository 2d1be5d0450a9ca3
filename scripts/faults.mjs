// `npm run faults`: sets everything up, then kills, cuts and fills up what central and its agents live on.
//   npm run faults -- kills [--kills 1000] [--database sqlite|postgres] [--seed 7]
//   npm run faults -- outages
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { handOver } from './setup/handover.mjs';
import { userEnv } from './setup/runtime.mjs';
import { fail, root, setUp } from './setup.mjs';

const KILLS = '1000';
/** Test files of each part. */
const PARTS = {
  kills: ['kills'],
  outages: ['outages', 'bus-outages', 'clock-jumps'],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string' }, database: { type: 'string' }, seed: { type: 'string' } },
});
const parts = positionals.length === 0 ? Object.keys(PARTS) : positionals;
const files = parts
  .flatMap((part) => PARTS[part] ?? [part])
  .map((name) => join(root, 'test', 'faults', `${name}.test.ts`));
const chosen = {
  SEALWATCH_FAULTS_KILLS: values.kills ?? KILLS,
  SEALWATCH_FAULTS_EACH: '1',
  ...(values.database === undefined ? {} : { SEALWATCH_FAULTS_DATABASE: values.database }),
  ...(values.seed === undefined ? {} : { SEALWATCH_FAULTS_SEED: values.seed }),
};

setUp()
  .then(({ node }) => {
    const words = [
      '--disable-warning=ExperimentalWarning',
      '--experimental-strip-types',
      '--test',
      '--test-concurrency=1',
      '--test-reporter=spec',
      ...files,
    ];
    handOver(node, words, { env: { ...userEnv(), ...chosen } });
  })
  .catch(fail);
