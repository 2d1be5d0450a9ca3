import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { PROFILES, SERVER_STATES } from '../../wire/index.ts';
import { ENROLMENT_STATES } from '../enrolment/enrolment.ts';
import { AgentError } from '../errors.ts';
import { ruleStatusSchema } from './rule-status.ts';

const MAX_REQUEST_CHARS = 1_024;
const MAX_ANSWER_CHARS = 1024 * 1024;
const ASK_TIMEOUT_MS = 5_000;

const statusSchema = z.object({
  version: z.string(),
  agent: z.string(),
  pid: z.number(),
  profile: z.enum(PROFILES),
  started: z.string(),
  central: z.object({
    connected: z.boolean(),
    waiting: z.number(),
    last_seq: z.number(),
    acked_seq: z.number(),
    /** How this agent stands with central. */
    enrolment: z.object({
      state: z.enum(ENROLMENT_STATES),
      code: z.string().nullable().default(null),
      detail: z.string(),
      expires: z.string().nullable(),
      key: z.string().nullable(),
    }),
  }),
  /** Bundles of central that were refused and not followed by a better one. */
  bundles_refused: z.array(z.object({ kind: z.string(), version: z.number(), code: z.string() })).default([]),
  servers: z.partialRecord(z.enum(SERVER_STATES), z.number()),
  problems: z.number(),
  rules: ruleStatusSchema,
  collectors: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      code: z.string().nullable().default(null),
      detail: z.string(),
    }),
  ),
  processes: z.number(),
  watched_directories: z.number(),
  lost: z.record(z.string(), z.number()),
});
/** What a running agent says of itself. */
export type AgentStatus = Readonly<z.infer<typeof statusSchema>>;

function socketPath(stateDir: string): string {
  return join(stateDir, 'agent.sock');
}

/**
 * The agent's local socket, for its own user only. Holding it is also what keeps a second agent from
 * running on the same state directory.
 */
export class ControlSocket {
  readonly #path: string;
  readonly #server: Server;

  private constructor(path: string, server: Server) {
    this.#path = path;
    this.#server = server;
  }

  /** @throws {AgentError} where an agent already answers there */
  static async open(stateDir: string, status: () => AgentStatus): Promise<ControlSocket> {
    const path = socketPath(stateDir);
    const running = await askStatus(stateDir).catch(() => null);
    if (running !== null) {
      throw new AgentError(
        'AGENT_ALREADY_RUNNING',
        `an agent (pid ${running.pid}) already uses ${stateDir}`,
        {
          hint: 'stop it first, or give another --state-dir',
        },
      );
    }
    rmSync(path, { force: true });
    const server = createServer((socket) => answer(socket, status));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new AgentError('AGENT_STATE_UNUSABLE', `${path} cannot be opened: ${cause.message}`, { cause }),
        ),
      );
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return new ControlSocket(path, server);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#path, { force: true });
  }
}

function answer(socket: Socket, status: () => AgentStatus): void {
  let request = '';
  socket.setTimeout(ASK_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    request += String(chunk);
    if (request.length > MAX_REQUEST_CHARS) socket.destroy();
    else if (request.includes('\n')) {
      const known = request.trim() === 'status';
      socket.end(`${JSON.stringify(known ? status() : { error: 'unknown request' })}\n`);
    }
  });
}

/** Asks a running agent for its status. @throws {AgentError} where none answers */
export function askStatus(stateDir: string): Promise<AgentStatus> {
  const path = socketPath(stateDir);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new AgentError('AGENT_NOT_RUNNING', `no agent answers at ${path}`, {
          cause,
          hint: 'start one with `sealwatch up`, or name its --state-dir',
        }),
      );
    let text = '';
    const socket = connect(path, () => socket.write('status\n'));
    socket.setTimeout(ASK_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.on('error', fail);
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.length > MAX_ANSWER_CHARS) socket.destroy(new Error('answer too long'));
    });
    socket.on('end', () => {
      try {
        resolve(statusSchema.parse(JSON.parse(text)));
      } catch (cause) {
        fail(cause);
      }
    });
  });
}
