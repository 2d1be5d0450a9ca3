// Runs the process collector alone and notes which numbered execs it tells of, until its stdin ends.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [root, token, count] = process.argv.slice(2);
const { createProcessCollector } = await import(
  pathToFileURL(join(root, 'dist', 'collectors', 'index.js')).href
);
const times = new Uint8Array(Number(count));
const losses = [];
const collector = createProcessCollector({ sensorPath: join(root, 'dist', 'sensor', 'sealwatch-sensor') });
await collector.start((event) => {
  if (event.kind === 'loss') losses.push({ stage: event.stage, count: event.count });
  if (event.kind !== 'process_exec' || event.argv.at(-2) !== token) return;
  times[Number(event.argv.at(-1))] += 1;
});
if (collector.source !== 'ebpf') throw new Error('the kernel sensor does not run');
process.stdout.write('ready\n');
process.stdin.resume().on('end', async () => {
  await collector.sync();
  await collector.stop();
  const seen = times.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0);
  process.stdout.write(`${JSON.stringify({ seen, losses })}\n`);
});
