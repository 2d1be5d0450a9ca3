import { fileFeed, openCentral } from '../../../central/index.ts';

/** Opens central from source and prints its URL: `run-central.ts DATABASE FEED TOKEN`. It waits to be killed. */
const [databasePath, feedPath, agentToken] = process.argv.slice(2);
if (databasePath === undefined || feedPath === undefined || agentToken === undefined) {
  throw new Error('usage: run-central.ts DATABASE FEED TOKEN');
}
const log = (message: string, fields?: object) =>
  process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
const central = await openCentral({
  databasePath,
  feeds: [fileFeed(feedPath)],
  agentToken,
  host: '127.0.0.1',
  port: 0,
  version: '0.0.0-test',
  log: { info: () => undefined, warn: log, error: log },
});
process.stdout.write(`${central.url}\n`);
