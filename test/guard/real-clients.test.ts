import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Entry, GuardedHost, SEALWATCH } from './guarded-host.ts';

const MODULES = fileURLToPath(new URL('../../.cache/clients/node_modules', import.meta.url));
const INSPECTOR = join(
  MODULES,
  '@modelcontextprotocol',
  'inspector',
  'clients',
  'launcher',
  'build',
  'index.js',
);
const CLAUDE = join(MODULES, '@anthropic-ai', `claude-code-${process.platform}-${process.arch}`, 'claude');
const PATIENCE = { timeout: 120_000 };
const resolve = createRequire(import.meta.url).resolve;
const run = promisify(execFile);

const missing = (name: string, path: string) =>
  existsSync(path) ? false : `${name} is not installed: ${path} (the registry was not reached)`;

/** Calls of the inspector's command line, each a session of its own. */
const CALLS: readonly (readonly string[])[] = [
  ['--method', 'tools/list'],
  ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hello'],
  ['--method', 'resources/list'],
  ['--method', 'prompts/list'],
  ['--method', 'prompts/get', '--prompt-name', 'simple-prompt'],
];

describe('real clients', PATIENCE, () => {
  test('the inspector says the same through the guard', {
    skip: missing('the inspector', INSPECTOR),
  }, async (t) => {
    const host = new GuardedHost(t, 'production');
    const main = resolve('@modelcontextprotocol/server-everything/dist/index.js');
    const entry: Entry = { command: process.execPath, args: [main, 'stdio'] };
    host.configure({ every: entry });
    await host.approve('every');
    const { command, args } = host.guarded(entry);
    const env = { ...host.env(entry), PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
    const inspect = async (call: readonly string[], server: readonly string[]) => {
      const words = [INSPECTOR, '--cli', ...call, '--', ...server];
      const child = run(process.execPath, words, { env, cwd: host.host.home });
      child.child.stdin?.end();
      return (await child).stdout;
    };
    for (const call of CALLS) {
      const [direct, guarded] = await Promise.all([
        inspect(call, [entry.command, ...entry.args]),
        inspect(call, [command, ...args]),
      ]);
      assert.ok(direct.includes('{'), `${call[1]} answered`);
      assert.equal(guarded, direct);
    }
  });

  test('claude shows a wrapped server as connected, and why it fails once its script is changed', {
    skip: missing('claude', CLAUDE),
  }, async (t) => {
    const host = new GuardedHost(t);
    const { home } = host.host;
    const env = { HOME: home, PATH: process.env['PATH'] ?? '' };
    const claude = async (...words: string[]) => (await run(CLAUDE, words, { env, cwd: home })).stdout;
    const script = host.host.write('srv/server.js', SERVER);
    await claude('mcp', 'add', '--scope', 'user', 'one', '--', process.execPath, script);
    assert.match(await claude('mcp', 'list'), /one: .*Connected/);
    await host.host.sealwatch('approve', 'claude-code/one', '--home', home, '--yes');
    await host.host.sealwatch('wrap', 'claude-code/one', '--home', home);
    const wrapped = await claude('mcp', 'list');
    assert.ok(wrapped.includes(SEALWATCH), 'it is wrapped');
    assert.match(wrapped, /one: .*Connected/);
    appendFileSync(script, '// changed\n');
    const changed = await claude('mcp', 'list');
    assert.match(
      changed,
      /one: .*Failed to connect.*Sealwatch refused this: script .* changed \(APPROVAL_CLOSURE_CHANGED\)/,
    );
    assert.match(changed, /To allow it: sealwatch approve/);
  });
});

const SERVER = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, params } = JSON.parse(line);
  if (id === undefined) return;
  const { protocolVersion = '' } = params ?? {};
  const result = { protocolVersion, capabilities: {}, serverInfo: { name: 'one', version: '1' } };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
}).on('close', () => process.exit(0));
`;
