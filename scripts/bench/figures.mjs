// What every benchmark prints alike: the machine, medians with their spread.
import { cpus, release, totalmem } from 'node:os';

export const say = (line) => process.stdout.write(`${line}\n`);
export const median = (numbers) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Median with lowest and highest, as `12 ms (10–15)`. */
export function spread(numbers, unit = 'ms') {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(0)} ${unit} (${low.toFixed(0)}–${high.toFixed(0)})`;
}

export function machine() {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`;
}
