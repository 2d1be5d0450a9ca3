import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../free-port.ts';

const ENTRY = fileURLToPath(
  new URL('../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);

/** `server-everything` on loopback, a process of its own. */
export class EverythingServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(mode: 'streamableHttp' | 'sse'): Promise<EverythingServer> {
    const port = await freePort();
    const child = spawn(process.execPath, [ENTRY, mode], {
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.setEncoding('utf8');
    for await (const [text] of on(child)) if (/(?:listening|running) on port/.test(text)) break;
    child.stderr?.resume();
    const path = mode === 'sse' ? 'sse' : 'mcp';
    return new EverythingServer(`http://127.0.0.1:${port}/${path}`, child);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function* on(child: ChildProcess): AsyncGenerator<readonly [string]> {
  let text = '';
  while (child.stderr !== null) {
    const [chunk] = await once(child.stderr, 'data');
    text += String(chunk);
    yield [text];
  }
}
