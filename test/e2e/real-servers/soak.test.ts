import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Alert } from '../../../wire/index.ts';
import { skip } from '../../collectors/process/built-sensor.ts';
import { haveProgram } from '../../debian-package.ts';
import { Host, type Program, until } from '../host.ts';
import { layOut, PYTHON, type RealHome } from './home.ts';
import type { Call } from './programs/calls.ts';
import type { Summary } from './programs/client.ts';

/** Seconds that the servers are used; `npm run soak` asks for ten minutes. */
const SECONDS = Number(process.env['SEALWATCH_SOAK_SECONDS'] ?? 25);
/** Seconds in which each server is started at least once and used a little. */
const SHORT_SECONDS = 6;
/** Seconds beyond its time that a client may take to start and to end its servers. */
const SLACK_SECONDS = 90;

const blocked = skip || (haveProgram(PYTHON, 'python3') ? false : `${PYTHON} is not there`);

describe('real servers, started through npx and used', { skip: blocked }, () => {
  test('raise nothing once they are approved, and a theft, a shell and a line in .bashrc do', {
    timeout: (SECONDS + 4 * SLACK_SECONDS) * 1_000,
  }, async (context) => {
    const { host, home, daemon } = await start(context);
    await host.approve(...home.servers);
    await until('the approvals', async () => (await host.status()).servers.approved === home.servers.length);
    const forks = forksOfHost();
    await useAll(context, host, home, SECONDS);
    context.diagnostic(`${forksOfHost() - forks} processes and threads began on this host meanwhile`);

    await callPython(host, home, deedsOf(host));
    for (const { rule, sign } of deedsOf(host)) {
      const seen = await daemon.alert(rule);
      assert.match(`${seen.actor?.cmdline} ${seen.event['TargetFilename']}`, sign);
      assert.deepEqual([seen.server?.name, seen.server?.state], ['python', 'approved']);
    }
    const { collectors, lost } = await host.status();
    await daemon.stop();
    const expected = deedsOf(host).map(({ rule }) => rule);
    const all = told(context, host, daemon);
    assert.deepEqual(all.toSorted(), expected.toSorted(), 'the deeds of the end and nothing else');
    assert.deepEqual(lost, {});
    // A checkout has no manifest of what was released.
    const watching = collectors.filter(({ name }) => name !== 'integrity');
    assert.deepEqual([...new Set(watching.map(({ state }) => state))], ['ok']);
  });

  test('are each told once where nobody approved them, and nothing else is', {
    timeout: 4 * SLACK_SECONDS * 1_000,
  }, async (context) => {
    const { host, home, daemon } = await start(context);
    const summary = await useAll(context, host, home, SHORT_SECONDS);
    const again = await useAll(context, host, home, SHORT_SECONDS);
    assert.deepEqual(Object.keys(again), Object.keys(summary), 'each was started at least twice');
    await callPython(host, home, deedsOf(host).slice(-1));
    await daemon.alert('mcp_shell_spawn');
    await daemon.stop();
    const started = home.servers.map(() => 'mcp_unapproved_server_started');
    assert.deepEqual(told(context, host, daemon), [...started, 'mcp_shell_spawn']);
    const names = daemon.named('mcp_unapproved_server_started').map(({ server }) => server);
    assert.deepEqual(
      names.map((server) => `${server?.client}/${server?.name}`).toSorted(),
      [...home.servers].toSorted(),
    );
  });
});

async function start(context: TestContext) {
  const host = new Host(context);
  const home = layOut(host);
  const daemon = await host.up().ready();
  return { host, home, daemon };
}

/** Names of what was told above `informational` of this home and of the agent itself, in order; prints all. */
function told(context: TestContext, host: Host, { alerts }: Program): readonly string[] {
  const own = alerts.filter((alert) => isOfHome(host, alert));
  for (const { rule, server, event, actor } of own) {
    const details = rule.level === 'informational' ? '' : JSON.stringify(event);
    context.diagnostic(`${rule.level} ${rule.name} ${server?.name ?? ''} ${actor?.cmdline ?? ''} ${details}`);
  }
  return own.filter(({ rule }) => rule.level !== 'informational').map(({ rule }) => rule.name);
}

/** A client that no config of this home explains may belong to a test that runs beside this one. */
function isOfHome({ directory }: Host, { rule, actor, ancestry }: Alert): boolean {
  if (rule.name !== 'mcp_unmanaged_server') return true;
  return [actor, ...ancestry].some((each) => each?.cmdline.includes(directory) === true);
}

/** Lets all clients of the home use their servers at once; every call must have been answered well. */
async function useAll(context: TestContext, host: Host, home: RealHome, seconds: number): Promise<Summary> {
  const parts = await Promise.all(
    home.clients.map(({ program, config }) =>
      runClient(context, host, [program, config, home.workspace, `${seconds}`]),
    ),
  );
  const summary: Summary = Object.assign({}, ...parts);
  for (const [name, { starts, calls, uncalled, failures }] of Object.entries(summary)) {
    context.diagnostic(`${name}: ${starts} starts, ${calls} calls, not called: ${uncalled.join(' ') || '-'}`);
    assert.deepEqual(failures, [], name);
    assert.ok(starts > 0 && calls > 0, name);
  }
  assert.equal(Object.keys(summary).length, home.servers.length);
  return summary;
}

function runClient(context: TestContext, host: Host, words: readonly string[]): Promise<Summary> {
  const child = spawn(process.execPath, [...process.execArgv.filter(isForPrograms), ...words], {
    cwd: host.home,
    env: { HOME: host.home, PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => child.kill('SIGKILL'));
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.err += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return ended.then((code) => {
    assert.equal(code, 0, output.err);
    return JSON.parse(output.out);
  });
}

/** Types are taken away on the way by a Node that does not do so by itself; a test runner's own words are left out. */
function isForPrograms(word: string): boolean {
  return word === '--experimental-strip-types' || word.startsWith('--disable-warning');
}

/** A call of a tool that is no use of a server any more. */
interface Deed {
  readonly call: Call;
  readonly rule: string;
  /** Found in the command line of who did it and the file that it was done to. */
  readonly sign: RegExp;
}

/** What the Python server is made to do at the end; the shell comes last. */
function deedsOf(host: Host): readonly Deed[] {
  return [
    {
      call: ['count_words', { path: host.at('.ssh/id_ed25519') }],
      rule: 'mcp_credential_read',
      sign: /server\.py .*id_ed25519$/,
    },
    {
      call: ['append_line', { path: host.at('.bashrc'), line: 'true' }],
      rule: 'mcp_persistence_write',
      sign: /server\.py .*\.bashrc$/,
    },
    { call: ['run', { command: ': true deed; echo done' }], rule: 'mcp_shell_spawn', sign: /true deed/ },
  ];
}

async function callPython(host: Host, { python }: RealHome, deeds: readonly Deed[]): Promise<void> {
  const client = new Client({ name: 'scripted-client', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ ...python, cwd: host.home, stderr: 'ignore' }));
  for (const { call } of deeds) await client.callTool({ name: call[0], arguments: { ...call[1] } });
  await client.close();
}

/** Processes and threads that this host began since it booted. */
function forksOfHost(): number {
  return Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
}
