// A server for the benchmark: runs the commands that its stdin names, one after another, and says how each went.
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { words, cwd } = JSON.parse(line);
  const start = performance.now();
  const done = spawnSync(words[0], words.slice(1), { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const seconds = (performance.now() - start) / 1_000;
  const [stdout, stderr] = [String(done.stdout), String(done.stderr).slice(-2_000)];
  process.stdout.write(`${JSON.stringify({ status: done.status, seconds, stdout, stderr })}\n`);
});
