import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Policy, SecretHeader } from '../../../approval/index.ts';
import { Decider } from '../../../guard/authority/decided.ts';
import { Journal } from '../../../guard/evidence/journal.ts';
import { GuardedServer } from '../../../guard/guarded-server.ts';
import type { HeaderSource } from '../../../guard/remote/authorised-fetch.ts';
import { connectServer } from '../../../guard/remote/connected-server.ts';
import { Questions } from '../../../guard/session/questions.ts';
import { KeptManifests } from '../../../guard/tools/kept-manifests.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { RemoteHome } from '../remote-home.ts';
import { reply, resultOf, ScriptedServer, session } from './scripted-server.ts';

const TOOL = { name: 'find', description: 'Finds tickets.', inputSchema: { type: 'object' } };

const CALL = { name: 'find', arguments: {} };

type Json = Readonly<Record<string, unknown>>;

/** A remote tracker with one tool. */
function tracker(): Promise<ScriptedServer> {
  return ScriptedServer.start(
    session((asked, response) => {
      if (asked.method === 'GET') return void response.writeHead(405).end();
      const result = asked.message['method'] === 'tools/list' ? { tools: [TOOL] } : { content: [] };
      return reply(response, resultOf(asked, result));
    }),
  );
}

/** Headers as their files are now. */
function fromFiles(headers: readonly SecretHeader[]): HeaderSource {
  const value = ({ prefix = '', file = '' }: SecretHeader) => `${prefix}${readFileSync(file, 'utf8')}`;
  return {
    current: async () => new Map(headers.map((header) => [header.name, value(header)])),
    refuse: () => {},
  };
}

function policyWith(file: string): Policy {
  return {
    tools: [{ name: 'find', digest: null }],
    executables: null,
    shells: false,
    destinations: null,
    writable_paths: null,
    headers: [{ name: 'authorization', file, prefix: 'Bearer ' }],
  };
}

/** A client whose remote server is behind the guard. */
class GuardedClient {
  readonly said: string[] = [];
  readonly ended: Promise<unknown>;
  readonly #input = new PassThrough();
  readonly #lines: AsyncIterator<string>;
  #id = 0;

  private constructor(
    run: (client: GuardedClient, output: PassThrough, input: PassThrough) => Promise<unknown>,
  ) {
    const output = new PassThrough();
    this.#lines = createInterface({ input: output })[Symbol.asyncIterator]();
    this.ended = run(this, output, this.#input);
  }

  static async open(home: RemoteHome, url: string): Promise<GuardedClient> {
    const profile = 'production';
    const { stateDir } = home;
    const decider = new Decider({ sight: home.sight(url), profile, hostGroup: null });
    const first = await decider.look(new Date());
    return new GuardedClient((client, output, input) => {
      const say = (line: string) => void client.said.push(line);
      const journal = new Journal(`${stateDir}/guard`);
      return new GuardedServer({
        first,
        decider,
        profile,
        journal,
        client: () => ({ input, output }),
        relay: null,
        manifests: new KeptManifests(stateDir),
        questions: new Questions(`${stateDir}/questions`, 'cursor/tracker'),
        start: async (decided) =>
          connectServer(decided, {
            target: { url, transport: 'http' },
            profile,
            journal,
            headers: fromFiles,
            say,
          }),
        say,
        onSignal: () => {},
      })
        .run()
        .finally(() => journal.close());
    });
  }

  async ask(method: string, params: object = {}): Promise<Json> {
    this.#id += 1;
    this.#input.write(`${JSON.stringify({ jsonrpc: '2.0', id: this.#id, method, params })}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`the guard ended: ${this.said.join('\n')}`);
      const message = JSON.parse(value);
      if (message.id === this.#id) return message;
    }
  }

  async begin(): Promise<void> {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    };
    assert.equal((await this.ask('initialize', params))['error'], undefined);
    this.#input.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  }

  /** Calls until the answer has this member: a change is seen in a moment. */
  async callUntil(member: 'error' | 'result'): Promise<unknown> {
    for (;;) {
      const answer = await this.ask('tools/call', CALL);
      if (answer[member] !== undefined) return answer[member];
    }
  }

  leave(): Promise<unknown> {
    this.#input.end();
    return this.ended;
  }
}

test('a remote server is called with the headers of its approval, and each call is decided', async () => {
  using home = new RemoteHome();
  using secrets = new TempDirectory();
  await using server = await tracker();
  home.configure({ url: server.url });
  await home.approve(server.url, policyWith(secrets.write('token', 'first')));
  const client = await GuardedClient.open(home, server.url);
  await client.begin();
  assert.deepEqual((await client.ask('tools/list'))['result'], { tools: [TOOL] });
  assert.deepEqual((await client.ask('tools/call', CALL))['result'], { content: [] });
  assert.match(JSON.stringify(await client.ask('tools/call', { name: 'drop' })), /DENIED/);
  assert.deepEqual(
    server.sent('tools/call').map(({ headers }) => headers.authorization),
    ['Bearer first'],
  );
  secrets.write('token', 'second');
  await client.ask('tools/call', CALL);
  assert.equal(server.sent('tools/call').at(-1)?.headers.authorization, 'Bearer second');
  assert.deepEqual(await client.leave(), { code: 0, signal: null });
  assert.equal(server.asked.at(-1)?.method, 'DELETE');
  assert.deepEqual(client.said, []);
});

test('an entry that leads elsewhere stops the calls of a session with a remote server, until it is what was approved', async () => {
  using home = new RemoteHome();
  using secrets = new TempDirectory();
  await using server = await tracker();
  home.configure({ url: server.url });
  await home.approve(server.url, policyWith(secrets.write('token', 'first')));
  const client = await GuardedClient.open(home, server.url);
  await client.begin();
  await client.ask('tools/call', CALL);
  home.configure({ url: 'https://evil.example/mcp' });
  assert.match(JSON.stringify(await client.callUntil('error')), /GUARD_COMMAND_MISMATCH/);
  const asked = server.sent('tools/call').length;
  await client.ask('tools/call', CALL);
  assert.equal(server.sent('tools/call').length, asked, 'what is refused is not sent');
  home.configure({ url: server.url });
  assert.deepEqual(await client.callUntil('result'), { content: [] });
  await client.leave();
});

test('other sources of headers count from the moment at which they are approved', async () => {
  using home = new RemoteHome();
  using secrets = new TempDirectory();
  await using server = await tracker();
  home.configure({ url: server.url });
  await home.approve(server.url, policyWith(secrets.write('old', 'old')));
  const client = await GuardedClient.open(home, server.url);
  await client.begin();
  await home.approve(server.url, policyWith(secrets.write('new', 'new')));
  // The next call is decided on the new approval; headers follow once that was seen.
  while (server.sent('tools/call').at(-1)?.headers.authorization !== 'Bearer new')
    await client.ask('tools/call', CALL);
  await client.leave();
});

test('a server that is gone ends the session with a status that says so', async () => {
  using home = new RemoteHome();
  using secrets = new TempDirectory();
  const server = await tracker();
  const { url } = server;
  await server[Symbol.asyncDispose]();
  home.configure({ url });
  await home.approve(url, policyWith(secrets.write('token', 'hunter2')));
  const client = await GuardedClient.open(home, url);
  assert.match(JSON.stringify(await client.ask('initialize')), /GUARD_REMOTE_UNREACHABLE/);
  assert.deepEqual(await client.ended, { code: 1, signal: null });
  assert.match(client.said.join('\n'), /GUARD_REMOTE_UNREACHABLE/);
  assert.doesNotMatch(client.said.join('\n'), /hunter2/);
});

test('a server is left as soon as what was asked is answered', async () => {
  using home = new RemoteHome();
  await using server = await tracker();
  const journal = new Journal(home.stateDir);
  const unknown = { kind: 'unknown', watch: { files: [], trees: [] } } as const;
  const running = connectServer(
    { standing: unknown, policy: null },
    {
      target: { url: server.url, transport: 'http' },
      profile: 'developer',
      journal,
      headers: fromFiles,
      say: (line) => assert.fail(line),
    },
  );
  running.stdin.write('{"jsonrpc":"2.0","id":1,"method":"initialize"}\n');
  running.end(600_000);
  assert.match(String(await text(running.stdout)), /^\{"jsonrpc":"2.0","id":1,"result":.*\n$/);
  assert.deepEqual(await running.ended, { code: 0, signal: null });
  journal.close();
});
