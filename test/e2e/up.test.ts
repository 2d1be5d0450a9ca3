import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { readDatabase } from '../../agent/index.ts';
import type { Server } from '../../wire/index.ts';
import { type Account, allAlerts, Host, ORDINARY, type Program, until } from './host.ts';

/** Milliseconds from a change to SIGINT: before it is noticed, while it settles, while it is told. */
const MOMENTS_MS = [0, 60, 130, 250];
const HELPER = 'project/helper.mjs';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A home with one server of Cursor that imports a helper, and goes on until its stdin ends. */
function homeWithServer(context: TestContext, account: Account | null = null): Host {
  const host = new Host(context, account);
  host.write(HELPER, 'export const version = 0;\n');
  const script = host.write('project/server.mjs', "import './helper.mjs';\nprocess.stdin.resume();\n");
  host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
  return host;
}

async function serversAt(daemon: Program): Promise<readonly Server[]> {
  const answer = (await (await daemon.get('/api/v1/servers')).json()) as { servers: Server[] };
  return answer.servers;
}

function stateAtCentral(daemon: Program, state: Server['state']): Promise<unknown> {
  let seen = '';
  return until(
    () => `state ${state} at the API; it was ${seen}`,
    async () => {
      seen = (await serversAt(daemon))[0]?.state ?? 'absent';
      return seen === state;
    },
  );
}

test('up for people: ready, a table, alerts as text; a second one and a taken port are refused', async (context) => {
  const host = homeWithServer(context);
  const places = ['--home', host.home, '--state-dir', host.stateDir];
  const daemon = await host.start(['up', ...places, '--listen', '127.0.0.1:0']).ready();
  const table = daemon.lines.join('\n');
  for (const word of ['Cursor', 'server', 'state', 'one', 'pending']) assert.match(table, new RegExp(word));
  assert.throws(() => JSON.parse(table));

  const second = await host.up().ended();
  assert.equal(second.code, 3);
  assert.match(second.stderr, /AGENT_ALREADY_RUNNING/);
  assert.match(second.stderr, new RegExp(`pid ${daemon.pid}`));
  assert.match(second.stderr, /hint: .*--state-dir/);
  assert.equal(second.stdout, '');

  const other = homeWithServer(context);
  const taken = await other.up('--listen', new URL(daemon.url).host).ended();
  assert.equal(taken.code, 3);
  assert.match(taken.stderr, /CENTRAL_PORT_IN_USE/);
  assert.match(taken.stderr, /hint: .*another port/);

  host.write(HELPER, 'export const version = 1;\n');
  await until('the alert as text', () =>
    daemon.lines.some((line) => line.includes('mcp_first_sight_changed')),
  );
  const ended = await daemon.stop('SIGINT');
  assert.equal(ended.code, 0);
  assert.match(ended.stderr, /sealwatch: stopped$/);
});

test('the API answers for alerts, servers, hosts and its health', async (context) => {
  const host = homeWithServer(context);
  const daemon = await host.up().ready();
  host.write(HELPER, 'export const version = 1;\n');
  const told = await daemon.alert('mcp_first_sight_changed');
  const health: unknown = await (await daemon.get('/healthz')).json();
  assert.partialDeepStrictEqual(health, { status: 'ok', database: 'ok', feed: 'ok' });
  assert.deepEqual(await allAlerts(daemon.url), [told]);
  const [server, ...more] = await serversAt(daemon);
  assert.deepEqual([server?.client, server?.name, more.length], ['cursor', 'one', 0]);
  const { hosts } = (await (await daemon.get('/api/v1/hosts')).json()) as {
    hosts: { id: string; host: string; last_seq: number; state: string }[];
  };
  assert.equal(hosts.length, 1);
  assert.deepEqual([hosts[0]?.host, hosts[0]?.state], [told.host, 'connected']);
  assert.equal(hosts[0]?.id, (await host.status()).agent);
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});

test('SIGINT at any moment of the start ends it with 0, and the next start is none the worse', async (context) => {
  for (const sign of ['authority', 'central.db', 'agent.db', 'agent.sock']) {
    const host = homeWithServer(context);
    const daemon = host.up();
    await until(
      () => `${sign}; it said:\n${daemon.words.join('\n')}`,
      () => existsSync(join(host.stateDir, sign)),
    );
    const { code, stdout, stderr } = await daemon.stop('SIGINT');
    assert.equal(code, 0, `stopped at ${sign}:\n${stderr}`);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /error/i);
    const next = await host.up().ready();
    host.write(HELPER, 'export const version = 1;\n');
    await next.alert('mcp_first_sight_changed');
    assert.equal((await next.stop('SIGINT')).code, 0);
    assert.equal(next.alerts.length, 1);
  }
});

test('what changes right before SIGINT is told once, by then or at the next start, and nothing else is', async (context) => {
  const host = homeWithServer(context);
  await host.approve('cursor/one');
  const contents = MOMENTS_MS.map((_, index) => `export const version = ${index + 1};\n`);
  let daemon = await host.up().ready();
  for (const [index, moment] of MOMENTS_MS.entries()) {
    host.write(HELPER, contents[index] ?? '');
    await sleep(moment);
    assert.equal((await daemon.stop('SIGINT')).code, 0);
    daemon = await host.up().ready();
  }
  const last = 'export const version = "told";\n';
  host.write(HELPER, last);
  const told = await daemon.alert('mcp_closure_changed', ({ change }) => change?.after === digest(last));
  assert.equal((await daemon.stop('SIGINT')).code, 0);
  assert.ok(host.fed().includes(told.id), 'what was told is in the feed');

  const after = await host.up().ready();
  const alerts = await allAlerts(after.url);
  assert.deepEqual(
    alerts.map(({ change }) => change?.after),
    [...contents, last].map(digest),
  );
  assert.deepEqual(
    host.fed(),
    alerts.map(({ id }) => id),
  );
  assert.equal((await after.stop('SIGINT')).code, 0);
  assert.deepEqual(after.alerts, [], 'a start on a known state tells nothing again');
});

test('a decision by the CLI in the same state directory is picked up', async (context) => {
  const host = homeWithServer(context);
  const daemon = await host.up().ready();
  await stateAtCentral(daemon, 'pending');
  await host.sealwatch('approve', 'cursor/one', '--yes');
  await stateAtCentral(daemon, 'approved');
  host.write(HELPER, 'export const version = 1;\n');
  await daemon.alert('mcp_closure_changed');
  await stateAtCentral(daemon, 'drifted');
  await host.sealwatch('approve', 'cursor/one', '--yes');
  await stateAtCentral(daemon, 'approved');
  host.write('project/server.mjs', 'process.stdin.resume();\n');
  const gone = await daemon.alert('mcp_closure_changed', ({ change }) => change?.after === null);
  assert.equal(
    gone.change?.artefact.path,
    host.at(HELPER),
    'what no longer belongs to the server is named in full',
  );
  await host.sealwatch('revoke', 'cursor/one', '--yes');
  await stateAtCentral(daemon, 'revoked');
  const running = startServer(context, host, null);
  const told = await daemon.alert('mcp_unapproved_server_started');
  assert.equal(told.server?.state, 'revoked');
  running.kill('SIGKILL');
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
});

/** Starts the server as its client would. */
function startServer(
  context: TestContext,
  host: Host,
  account: Account | null,
  script = 'server.mjs',
): ChildProcess {
  const child = spawn(process.execPath, [host.at('project', script)], {
    cwd: host.home,
    env: { PATH: process.env['PATH'], HOME: host.home },
    stdio: ['pipe', 'ignore', 'ignore'],
    ...account,
  });
  context.after(() => child.kill('SIGKILL'));
  return child;
}

test('an ordinary user gets all but the kernel: it says what is degraded, and alerts still come', async (context) => {
  const host = homeWithServer(context, ORDINARY);
  const shell = "import { spawn } from 'node:child_process';\nspawn('sh', ['-c', 'sleep 20; true']);\n";
  const script = host.write('project/spawning.mjs', `${shell}process.stdin.resume();\n`);
  host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
  const daemon = await host.up().ready();
  assert.ok(daemon.words.some((line) => line.startsWith('degraded: not root')));
  assert.ok(daemon.words.some((line) => line.startsWith('degraded: process/sampler')));
  const running = startServer(context, host, ORDINARY, 'spawning.mjs');
  await daemon.alert('mcp_unapproved_server_started');
  await daemon.alert('mcp_shell_spawn');
  running.kill('SIGKILL');
  await host.sealwatch('approve', 'cursor/one', '--yes');
  await stateAtCentral(daemon, 'approved');
  host.write('project/spawning.mjs', '// rewritten\n');
  await daemon.alert('mcp_closure_changed');
  assert.equal((await daemon.stop('SIGINT')).code, 0);
  assert.deepEqual(new Set(host.fed()), new Set(daemon.alerts.map(({ id }) => id)));
});

/** Values that no name gives away are only secret where every value is: in env, headers and env files. */
const SECRETS = {
  envFile: 'plain-words-in-an-env-file-1',
  envFileLater: 'plain-words-in-an-env-file-2',
  envFileSecondLine: 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  envFileComment: 'an-old-value-in-a-comment',
  envFileDotted: 'value-under-a-dotted-name',
  env: 'plain-words-in-env-1',
  envLater: 'plain-words-in-env-2',
  header: 'plain-words-in-a-header',
  argument: 'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  flag: 'hunter2-behind-a-flag',
  url: 'hunter2-in-a-url',
  query: 'hunter2-in-a-query',
  script: 'ghp_99C7e42F292c6912E7710c838347Ae178B4b',
} as const;

function envFileText(value: string): string {
  return [
    `# OLD_KEY=${SECRETS.envFileComment}`,
    `API_KEY=${value}`,
    `export service.key = ${SECRETS.envFileDotted}`,
    'PRIVATE="-----BEGIN PRIVATE KEY-----',
    SECRETS.envFileSecondLine,
    '-----END PRIVATE KEY-----"',
    '',
  ].join('\n');
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Names of the secrets, and the places where they were found. */
function leaks(places: ReadonlyMap<string, string | Buffer>): readonly string[] {
  return [...places].flatMap(([place, content]) =>
    Object.entries(SECRETS).flatMap(([name, value]) =>
      content.includes(value) ? [`${name} in ${place}`] : [],
    ),
  );
}

test('a changed env file is told, and no secret of it or of the config is kept or shown anywhere', async (context) => {
  const host = homeWithServer(context);
  const envFile = host.write('project/.env', envFileText(SECRETS.envFile));
  const script = host.write('project/server.mjs', `// ${SECRETS.script} 1\nprocess.stdin.resume();\n`);
  const args = [`--env-file=${envFile}`, script, SECRETS.argument, '--password', SECRETS.flag];
  const writeConfig = (value: string) =>
    host.writeConfig('.cursor/mcp.json', {
      one: { command: process.execPath, args, env: { GREETING: value, API_KEY: value } },
      two: {
        url: `https://user:${SECRETS.url}@example.org/mcp?api_key=${SECRETS.query}`,
        headers: { 'X-Greeting': SECRETS.header },
      },
    });
  writeConfig(SECRETS.env);
  const daemon = await host.up().ready();
  await host.sealwatch('approve', 'cursor/one', '--yes');
  await until('the approval', async () =>
    (await serversAt(daemon)).some(({ name, state }) => name === 'one' && state === 'approved'),
  );
  const running = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  context.after(() => running.kill('SIGKILL'));
  host.write('project/.env', envFileText(SECRETS.envFileLater));
  const told = await daemon.alert('mcp_env_file_changed');
  assert.equal(told.change?.artefact.path, envFile);
  host.write('project/server.mjs', `// ${SECRETS.script} 2\n`);
  await daemon.alert('mcp_closure_changed', ({ change }) => change?.artefact.path === script);
  writeConfig(SECRETS.envLater);
  await daemon.alert('mcp_env_changed');
  const again = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  context.after(() => again.kill('SIGKILL'));
  await daemon.alert('mcp_unapproved_server_started');

  const places = new Map<string, string | Buffer>();
  const look = (when: string) => {
    for (const path of filesBelow(host.stateDir)) {
      places.set(`${path} (${when})`, readFileSync(path));
    }
    const database = readDatabase(host.stateDir);
    const copies = database.prepare<[], { digest: string; body: Buffer }>('SELECT * FROM sealed_copy').all();
    database.close();
    for (const { digest, body } of copies) places.set(`copy ${digest} (${when})`, gunzipSync(body));
  };
  look('running');
  for (const path of ['/api/v1/alerts', '/api/v1/servers'])
    places.set(path, await (await daemon.get(path)).text());
  for (const verb of ['show', 'diff'])
    places.set(verb, (await host.run(verb, 'cursor/one', '--state-dir', host.stateDir)).stdout);
  places.set('scan', (await host.run('scan', '--json', '--home', host.home)).stdout);
  const { code, stdout, stderr } = await daemon.stop('SIGTERM');
  assert.equal(code, 0);
  look('stopped');
  places.set('stdout', stdout).set('stderr', stderr);
  assert.ok(
    places.size > 12 &&
      ['ocsf.jsonl', 'copy ', '.db-wal'].every((end) =>
        [...places.keys()].some((place) => place.includes(end)),
      ),
  );
  assert.deepEqual(leaks(places), []);
});
