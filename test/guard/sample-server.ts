import type { Entry, GuardedHost, Json } from './guarded-host.ts';

/** A tool as the sample server lists it. */
export const tool = (name: string, description = name): Json => ({
  name,
  description,
  inputSchema: { type: 'object' },
});

/**
 * A small MCP server. What tools it has stands in a file that is data to it, so that it can be changed without its
 * program being another. `call` names what it does; anything else is echoed.
 */
const SERVER = `
const fs = require('node:fs');
const { spawn } = require('node:child_process');
const toolFile = process.env.HOME + '/.sample-tools';
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const text = (text) => ({ content: [{ type: 'text', text }] });
const waiting = new Map();
const acts = {
  pid: () => text(String(process.pid)),
  env: () => text(JSON.stringify(process.env)),
  stderr: ({ line }) => (console.error(line), text('said')),
  exit: ({ status }) => process.exit(status),
  signal: ({ name }) => (process.kill(process.pid, name), text('')),
  announce: () => (say({ method: 'notifications/tools/list_changed' }), text('announced')),
  raw: ({ line }) => (process.stdout.write(line), text('written')),
  spawn: ({ command }) => {
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: 'ignore' });
    return text(String(child.pid));
  },
  big: ({ bytes }) => text('x'.repeat(bytes)),
  asks: ({ method, params }) => new Promise((resolve) => {
    waiting.set('s1', (answer) => resolve(text(JSON.stringify(answer.error ?? answer.result))));
    say({ id: 's1', method, params });
  }),
};
const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: { listChanged: true }, prompts: {}, resources: {} },
    serverInfo: { name: 'sample', version: '1' },
  }),
  'tools/list': ({ cursor }) => JSON.parse(fs.readFileSync(toolFile, 'utf8'))[Number(cursor ?? 0)],
  'tools/call': ({ name, arguments: args }) => acts[name]?.(args) ?? text('echo ' + JSON.stringify(args)),
  'prompts/get': ({ name }) => ({ messages: [{ role: 'user', content: { type: 'text', text: name } }] }),
  'resources/read': ({ uri }) => ({ contents: [{ uri, text: uri }] }),
  ping: () => ({}),
};
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  let message;
  try { message = JSON.parse(line); } catch { return say({ method: 'notifications/heard', params: { line } }); }
  if (Array.isArray(message)) return say({ method: 'notifications/heard', params: { line } });
  if (message.method === undefined) return waiting.get(message.id)?.(message);
  if (message.id === undefined) return;
  const result = await answers[message.method]?.(message.params ?? {});
  if (result === undefined) say({ id: message.id, error: { code: -32601, message: 'unknown' } });
  else say({ id: message.id, result });
}).on('close', () => process.exit(0));
`;

/** Puts the sample server into a home, with these pages of tools, and answers how it is started. */
export function sampleServer(
  host: GuardedHost,
  pages: readonly (readonly Json[])[] = [[tool('echo')]],
): Entry {
  const script = host.host.write('srv/server.js', SERVER);
  setTools(host, pages);
  return { command: process.execPath, args: [script] };
}

/** Has the server list other tools from now on. */
export function setTools(host: GuardedHost, pages: readonly (readonly Json[])[]): void {
  const lists = pages.map((tools, page) => ({
    tools,
    ...(page + 1 < pages.length ? { nextCursor: String(page + 1) } : {}),
  }));
  host.host.write('.sample-tools', JSON.stringify(lists));
}

/** Text of a result. */
export function textOf(answer: Json): string {
  const { content } = (answer['result'] ?? {}) as { content?: readonly { text?: string }[] };
  const text = content?.[0]?.text;
  if (text === undefined) throw new Error(`no text: ${JSON.stringify(answer).slice(0, 1_000)}`);
  return text;
}

/** Changes the program of the server; it does the same as before. */
export function changeScript(host: GuardedHost, mark: string): string {
  return host.host.write('srv/server.js', `${SERVER}// ${mark}\n`);
}

/** The program as it was. */
export function restoreScript(host: GuardedHost): void {
  host.host.write('srv/server.js', SERVER);
}
