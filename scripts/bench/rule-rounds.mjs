// Child of rule-rates.mjs: builds one set of rules and lets events run through it; answers in JSON.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { eventLines } from './rule-events.mjs';

const [engine, list, kind] = process.argv.slice(2);
const { compileRules, parseEventRecord, tryEach } = await import(pathToFileURL(engine).href);
const EVENTS = 20_000;
const WARM_UP = 12;
const ROUNDS = 7;
/** Events that are also tried on every rule, one by one. */
const TRIED = 500;

const texts = JSON.parse(readFileSync(list, 'utf8'));
const lines = eventLines(EVENTS, kind === 'server');
const events = lines.map((line) => parseEventRecord(JSON.parse(line)));

globalThis.gc();
const before = process.memoryUsage();
const started = performance.now();
const sources = texts.map((text, index) => ({ path: `${index}.yml`, text }));
const rules = compileRules(sources);
const build = performance.now() - started;
const indexing = performance.now();
rules.match(events[0]);
const index = performance.now() - indexing;
globalThis.gc();
const after = process.memoryUsage();

let hits = 0;
/** Events a second; of user time, so that what else the machine does counts less. */
function rate(count, work) {
  const rates = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const start = process.cpuUsage().user;
    work();
    const seconds = (process.cpuUsage().user - start) / 1e6;
    if (round >= WARM_UP) rates.push(count / seconds);
  }
  return rates;
}

const matched = rate(EVENTS, () => {
  for (const event of events) hits += rules.match(event).length;
});
const fromJson = rate(EVENTS, () => {
  for (const line of lines) hits += rules.match(parseEventRecord(JSON.parse(line))).length;
});
const jsonAlone = rate(EVENTS, () => {
  for (const line of lines) hits += JSON.parse(line).Image.length;
});
const countEach = tryEach(sources);
const tried = events.slice(0, TRIED);
const oneByOne = rate(TRIED, () => {
  for (const event of tried) hits += countEach(event);
});
for (const event of tried) {
  if (countEach(event) !== rules.match(event).length)
    throw new Error(`not the same: ${JSON.stringify(event)}`);
}

const heap =
  after.heapUsed +
  after.external +
  after.arrayBuffers -
  before.heapUsed -
  before.external -
  before.arrayBuffers;
process.stdout.write(
  JSON.stringify({
    loaded: rules.rules.length,
    refused: rules.refused.length,
    matched,
    fromJson,
    jsonAlone,
    oneByOne,
    build,
    index,
    tables: rules.bytes,
    heap,
    hits,
  }),
);
