import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import type { Host } from './host.ts';

/** Starts what each line of its stdin asks for, and holds its standard streams as a client does. */
const CLIENT = `
const { spawn } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { words, env, first } = JSON.parse(line);
  const child = spawn(words[0], words.slice(1), { stdio: 'pipe', env: { ...process.env, ...env } });
  child.stdin.on('error', () => {});
  if (first !== undefined) child.stdin.write(first + '\\n');
  child.stdout.resume();
  child.stderr.resume();
  child.on('error', () => {});
  child.on('exit', (code, signal) => console.log(words.at(-1), code ?? signal));
});
`;
/** A client of this name that runs until the test ends, with what it starts. */
export function startClient(context: TestContext, host: Host, name: string) {
  const script = host.write(`bin/${name}`, CLIENT);
  const child: ChildProcess = spawn(process.execPath, [script], {
    cwd: host.home,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    env: { PATH: process.env['PATH'], HOME: host.home },
  });
  const said: string[] = [];
  child.stdout?.on('data', (data) => said.push(...String(data).split('\n')));
  context.after(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await once(child, 'close');
  });
  /** `first` is a line that the started program is told. */
  const run = (words: readonly string[], env: Readonly<Record<string, string>> = {}, first?: string) =>
    child.stdin?.write(`${JSON.stringify({ words, env, first })}\n`);
  return { run, said };
}
