import assert from 'node:assert/strict';
import { checkConfig, isFormat, type MutationCounts } from '../check-config.ts';
import { seedsOf, tokensOf } from '../seeds.ts';

/** As large as the smallest limit of any format allows. */
const BOMB_BYTES = 1024 * 1024;

const [format] = process.argv.slice(2);
assert.ok(isFormat(format), 'usage: run-bombs.ts FORMAT');
const [seed] = seedsOf(format);
const counts: MutationCounts = { parsed: 0, refused: 0, withServers: 0, rssMegabytes: 0 };
for (const token of tokensOf(format)) {
  for (const start of [Buffer.alloc(0), seed.subarray(0, 2), seed.subarray(0, seed.length / 2)]) {
    const bytes = Buffer.alloc(BOMB_BYTES, token);
    start.copy(bytes);
    try {
      checkConfig(bytes, format, counts);
    } catch (error) {
      console.error(`${format}: ${JSON.stringify(token.toString('latin1'))} behind ${start.length} bytes`);
      throw error;
    }
  }
}
counts.rssMegabytes = Math.round(process.memoryUsage.rss() / 1024 / 1024);
console.log(JSON.stringify(counts));
