// Looks at a home again and again in one process, as the agent does; prints milliseconds of each and peak memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [root, home, kept, repeats] = process.argv.slice(2);
const { decodeHashCache, takeInventory } = await import(
  pathToFileURL(join(root, 'dist', 'inventory', 'index.js')).href
);
const cache = decodeHashCache(readFileSync(kept));
const options = {
  users: [{ name: 'bench', uid: process.getuid(), gid: process.getgid(), home }],
  roots: [],
  platform: process.platform,
  env: { HOME: home, PATH: process.env.PATH },
  salt: 'bench',
  cache,
};
const milliseconds = [];
// The first looks warm up the compiler, as any running agent is.
for (let look = -3; look < Number(repeats); look += 1) {
  const start = performance.now();
  await takeInventory(options);
  if (look >= 0) milliseconds.push(performance.now() - start);
  await wait(50);
}
process.stdout.write(JSON.stringify({ milliseconds, peakKiB: process.resourceUsage().maxRSS }));
