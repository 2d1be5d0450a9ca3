import { fileFeed, identitySettings, openCentral } from '../../../central/index.ts';

/** Opens central from source and prints its URLs, that of the API and that of the agents: `run-central.ts DATABASE FEED AUTHORITY`. It waits to be killed. */
const [databasePath, feedPath, directory] = process.argv.slice(2);
if (databasePath === undefined || feedPath === undefined || directory === undefined) {
  throw new Error('usage: run-central.ts DATABASE FEED AUTHORITY');
}
const log = (message: string, fields?: object) =>
  process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
const central = await openCentral({
  databasePath,
  feeds: [fileFeed(feedPath)],
  identity: identitySettings.parse({ listen: '127.0.0.1:0', directory }),
  host: '127.0.0.1',
  port: 0,
  anonymous: 'viewer',
  version: '0.0.0-test',
  log: { info: () => undefined, warn: log, error: log },
});
process.stdout.write(`${central.url} ${central.agentUrl}\n`);
