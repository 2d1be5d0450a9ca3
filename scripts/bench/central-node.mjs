// The central of bench:central, in a process of its own, from source: `central-node.mjs SETTINGS`, which is JSON. It is asked
// over IPC, and every question has one answer.
import { identitySettings, openCentral } from '../../central/index.ts';
import { Store } from '../../central/store/store.ts';

const { place, directory, listen, discards, rules } = JSON.parse(process.argv[2]);
const warn = (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);

// The sink: everything but the store, which says at once that it has everything.
if (discards) {
  Store.prototype.storeBatches = (batches) =>
    Promise.resolve(
      batches.map(({ alerts }) => ({
        kind: 'stored',
        acked: alerts.at(-1).seq,
        fresh: alerts,
        duplicates: 0,
        conflicting: 0,
      })),
    );
}

const central = await openCentral({
  databasePath: place,
  identity: identitySettings.parse({ listen, directory }),
  host: '127.0.0.1',
  port: 0,
  feeds: [],
  rulesDirectory: rules,
  version: '0.0.0-bench',
  log: { info: () => undefined, warn, error: warn },
});

/** Bytes that this process holds, and milliseconds of processor that it has used. */
function usage() {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rss, heapUsed, external, cpuMs: (user + system) / 1_000 };
}

process.on('message', async (question) => {
  if (question === 'usage') process.send(usage());
  if (question !== 'stop') return;
  await central.stop();
  process.send('stopped');
  process.disconnect();
});
process.send({ agentUrl: central.agentUrl, url: central.url });
