import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { haveProgram } from '../../debian-package.ts';

/** Milliseconds that the TPM may take to answer for the first time. */
const START_MS = 10_000;

/** Why no TPM can be played here; false where one can. */
export function noSoftTpm(): string | false {
  if (!haveProgram('swtpm', 'swtpm')) return 'swtpm is not here';
  if (!haveProgram('tpm2_create', 'tpm2-tools')) return 'tpm2-tools are not here';
  return false;
}

/** Two ports, one after the other, that nobody holds. */
async function twoPorts(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A TPM of software with a state of its own, and the environment in which tpm2-tools find it. */
export class SoftTpm {
  readonly env: NodeJS.ProcessEnv;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, env: NodeJS.ProcessEnv) {
    this.#child = child;
    this.env = env;
  }

  static async start(context: TestContext, directory: string): Promise<SoftTpm> {
    mkdirSync(directory, { recursive: true });
    const port = await twoPorts();
    const args = [
      'socket',
      '--tpm2',
      '--tpmstate',
      `dir=${directory}`,
      '--server',
      `type=tcp,port=${port}`,
      '--ctrl',
      `type=tcp,port=${port + 1}`,
      '--flags',
      'not-need-init,startup-clear',
    ];
    const child = spawn('swtpm', args, { stdio: 'ignore' });
    context.after(() => child.kill('SIGKILL'));
    const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:host=127.0.0.1,port=${port}` };
    const tpm = new SoftTpm(child, env);
    const deadline = Date.now() + START_MS;
    while (spawnSync('tpm2_getrandom', ['--hex', '4'], { env }).status !== 0) {
      if (Date.now() > deadline) throw new Error(`no TPM answers in ${join(directory)}`);
      await sleep(50);
    }
    return tpm;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
