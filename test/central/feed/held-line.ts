import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A line between a node and its database on which everything can be made to stand still. */
export class HeldLine {
  readonly port: number;
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];
  #pattern: string | null = null;
  #isHeld = false;
  /** Answers of the database that went through. */
  answers = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(context: TestContext, to: number): Promise<HeldLine> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const line = new HeldLine(server, typeof address === 'object' && address !== null ? address.port : 0);
    server.on('connection', (near) => line.#join(near, connect(to, '127.0.0.1')));
    context.after(() => line.#server.close());
    return line;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** From the first question on that has this text, nothing goes through to the database, of any connection. */
  holdAt(pattern: string): void {
    this.#pattern = pattern;
  }

  /** Lets through what waits, late as it is, and everything after it. */
  release(): void {
    this.#pattern = null;
    this.#isHeld = false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  #join(near: Socket, far: Socket): void {
    near.on('error', () => far.destroy()).on('close', () => this.#pass(() => far.end()));
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.on('data', (chunk) => {
      if (this.#pattern !== null && chunk.includes(this.#pattern)) this.#isHeld = true;
      this.#pass(() => far.write(chunk));
    });
    far.on('data', (chunk) => {
      this.answers += 1;
      near.write(chunk);
    });
  }

  #pass(send: () => void): void {
    if (this.#isHeld) this.#waiting.push(send);
    else send();
  }
}
