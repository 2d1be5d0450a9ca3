import assert from 'node:assert/strict';
import { checkConfig, isFormat, type MutationCounts } from '../check-config.ts';
import { mutate } from '../mutate.ts';
import { Random } from '../random.ts';
import { seedsOf, tokensOf } from '../seeds.ts';

// Most configs are refused by throwing inside a parser; a fifth of the time would go into stack traces.
Error.stackTraceLimit = 0;

const [format, seedText = '1', countText = '1'] = process.argv.slice(2);
assert.ok(isFormat(format), 'usage: run-mutations.ts FORMAT SEED COUNT');
const random = new Random(Number(seedText));
const [seeds, tokens] = [seedsOf(format), tokensOf(format)];
const counts: MutationCounts = { parsed: 0, refused: 0, withServers: 0, rssMegabytes: 0 };
for (let index = 0; index < Number(countText); index += 1) {
  const bytes = mutate(seeds, tokens, random);
  try {
    checkConfig(bytes, format, counts);
  } catch (error) {
    console.error(`${format}, seed ${seedText}, number ${index}, in base64:\n${bytes.toString('base64')}`);
    throw error;
  }
}
counts.rssMegabytes = Math.round(process.memoryUsage.rss() / 1024 / 1024);
console.log(JSON.stringify(counts));
