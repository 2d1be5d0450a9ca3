import { request } from 'node:http';
import * as z from 'zod';

/** Bytes of one answer. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_CONTAINERS = 4_096;
const MAX_LIST = 1_024;
const MAX_TEXT = 64 * 1024;

const text = z.string().max(MAX_TEXT);
const texts = z.array(text).max(MAX_LIST);
const containerId = z.string().regex(/^[0-9a-f]{64}$/);

const LISTING = z
  .array(z.object({ Id: containerId, Created: z.number(), State: text.optional() }))
  .max(MAX_CONTAINERS);

const CONTAINER = z.object({
  Id: containerId,
  Created: text,
  Name: text,
  Path: text,
  State: z.object({ Pid: z.int().nonnegative(), StartedAt: text }),
  Config: z.object({
    Image: text,
    Cmd: texts.nullish(),
    Entrypoint: z.union([texts, text]).nullish(),
    OpenStdin: z.boolean(),
    Labels: z.record(z.string().max(MAX_TEXT), text).nullish(),
  }),
});

/** A container as an engine tells it. Its texts are the words of whoever made it. */
export interface EngineContainer {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of the engine's host. */
  readonly created: number;
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly entrypoint: string | null;
  readonly labels: ReadonlyMap<string, string>;
  readonly interactive: boolean;
  /** Of its first process; 0 while it does not run. */
  readonly pid: number;
}

export interface ListedContainer {
  readonly id: string;
  /** Milliseconds since the epoch, cut to seconds. */
  readonly created: number;
}

/** Containers of one engine; null answers are such as no engine gives, and silence. */
export interface Engine {
  list(): Promise<readonly ListedContainer[] | null>;
  /** By id, or by name. */
  inspect(name: string): Promise<EngineContainer | null>;
}

/**
 * The Docker Engine API (v1.24 and later, also as podman speaks it) over a unix socket: GET /containers/json and
 * GET /containers/ID/json, nothing that would change anything. Never rejects; the signal ends all that is asked.
 */
export function engineAt(socketPath: string, signal: AbortSignal): Engine {
  return {
    list: async () => {
      const answer = LISTING.safeParse(await ask(socketPath, '/containers/json', signal));
      return answer.success
        ? answer.data.map(({ Id, Created }) => ({ id: Id, created: Created * 1000 }))
        : null;
    },
    inspect: async (name) => {
      const path = `/containers/${encodeURIComponent(name)}/json`;
      const answer = CONTAINER.safeParse(await ask(socketPath, path, signal));
      return answer.success ? containerOf(answer.data) : null;
    },
  };
}

function containerOf({ Id, Created, Name, State, Config }: z.infer<typeof CONTAINER>): EngineContainer {
  const { Entrypoint: entrypoint } = Config;
  return {
    id: Id,
    created: Date.parse(Created),
    name: Name.replace(/^\//, ''),
    image: Config.Image,
    command: Config.Cmd ?? [],
    entrypoint: (typeof entrypoint === 'string' ? entrypoint : entrypoint?.[0]) ?? null,
    labels: new Map(Object.entries(Config.Labels ?? {})),
    interactive: Config.OpenStdin,
    pid: State.Pid,
  };
}

/** The JSON of a 200; undefined for all else. */
function ask(socketPath: string, path: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const give = () => resolve(undefined);
    const call = request(
      { socketPath, path, signal, headers: { host: 'localhost' }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('error', give);
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_ANSWER_BYTES) answer.destroy();
          else chunks.push(chunk);
        });
        answer.on('close', give);
        answer.on('end', () =>
          resolve(answer.statusCode === 200 ? parsed(Buffer.concat(chunks)) : undefined),
        );
      },
    );
    call.on('error', give);
    call.end();
  });
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
