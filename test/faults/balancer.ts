import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a fleet has before several nodes: each connection goes to the next node that takes it. TLS passes through. */
export class Balancer {
  readonly #server: Server;
  readonly #ports: readonly number[];
  readonly #sockets = new Set<Socket>();
  #next = 0;

  /** Listens on `port` of the loopback for nodes on `ports` there. */
  constructor(port: number, ports: readonly number[]) {
    this.#ports = ports;
    this.#server = createServer((socket) => this.#pass(socket, ports.length));
    this.#server.listen(port, '127.0.0.1');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  /** `tries`: nodes that have not been asked yet. */
  #pass(socket: Socket, tries: number): void {
    if (tries === 0) {
      socket.destroy();
      return;
    }
    const port = this.#ports[this.#next % this.#ports.length] ?? 0;
    this.#next += 1;
    const node = connect(port, '127.0.0.1');
    const another = () => this.#pass(socket, tries - 1);
    node.once('error', another);
    node.once('connect', () => {
      node.off('error', another);
      for (const end of [socket, node]) this.#keep(end);
      socket.on('close', () => node.destroy());
      node.on('close', () => socket.destroy());
      socket.pipe(node).pipe(socket);
    });
  }
}
