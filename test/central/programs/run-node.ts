import { type CentralOptions, openCentral } from '../../../central/index.ts';

/** Opens one node of several and prints its URLs: `run-node.ts OPTIONS`, as JSON. It waits to be killed. */
const given: Pick<CentralOptions, 'databasePath' | 'identity'> & Partial<CentralOptions> = JSON.parse(
  process.argv[2] ?? '{}',
);
const log = (message: string, fields?: object) =>
  process.stderr.write(`${given.node} ${message} ${JSON.stringify(fields ?? {})}\n`);
const quiet = () => undefined;
const isLoud = process.env['SEALWATCH_TEST_LOG'] === '1';
const central = await openCentral({
  host: '127.0.0.1',
  port: 0,
  feeds: [],
  version: '0.0.0-test',
  log: { info: quiet, warn: isLoud ? log : quiet, error: isLoud ? log : quiet },
  ...given,
});
process.on('SIGTERM', () => void central.stop().then(() => process.exit(0)));
process.stdout.write(`${central.url} ${central.agentUrl}\n`);
