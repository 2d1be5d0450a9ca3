import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Server } from '../../wire/index.ts';
import { Host } from './host.ts';

const MODULES = fileURLToPath(new URL('../../.cache/clients/node_modules', import.meta.url));
const LAUNCH = ['npx', '-y', '@modelcontextprotocol/server-everything', 'stdio'] as const;

interface RealClient {
  readonly id: string;
  readonly program: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly config: string;
}

const CLIENTS: readonly RealClient[] = [
  {
    id: 'claude-code',
    // The package's own launcher is put in place by its install script, which is not run here.
    program: [join(MODULES, '@anthropic-ai', `claude-code-${process.platform}-${process.arch}`, 'claude')],
    add: ['mcp', 'add', '--scope', 'user', 'every', '-e', 'COLOUR=red', '--', ...LAUNCH],
    remove: ['mcp', 'remove', '--scope', 'user'],
    config: '.claude.json',
  },
  {
    id: 'codex',
    program: [process.execPath, join(MODULES, '@openai', 'codex', 'bin', 'codex.js')],
    add: ['mcp', 'add', 'every', '--env', 'COLOUR=red', '--', ...LAUNCH],
    remove: ['mcp', 'remove'],
    config: '.codex/config.toml',
  },
  {
    id: 'gemini',
    program: [process.execPath, join(MODULES, '@google', 'gemini-cli', 'bundle', 'gemini.js')],
    add: ['mcp', 'add', '--scope', 'user', '-e', 'COLOUR=red', 'every', ...LAUNCH],
    remove: ['mcp', 'remove', '--scope', 'user'],
    config: '.gemini/settings.json',
  },
];

function runClient(host: Host, [command = '', ...first]: readonly string[], args: readonly string[]): string {
  return execFileSync(command, [...first, ...args], {
    cwd: host.home,
    env: { HOME: host.home, PATH: process.env['PATH'] },
    stdio: 'pipe',
    encoding: 'utf8',
  });
}

for (const { id, program, add, remove, config } of CLIENTS) {
  const missing = program.find((part) => !existsSync(part));
  const skip =
    missing === undefined ? false : `${id} is not installed: ${missing} (the registry was not reached)`;
  test(`what ${id} itself adds is found with its command and arguments`, { skip }, async (t) => {
    const host = new Host(t);
    runClient(host, program, add);
    const { stdout } = await host.run('scan', '--json', '--home', host.home);
    const { servers, problems } = JSON.parse(stdout) as { servers: Server[]; problems: unknown[] };
    assert.deepEqual(problems, []);
    assert.equal(servers.length, 1);
    const [server] = servers;
    assert.equal(server?.client, id);
    assert.equal(server?.name, 'every');
    assert.equal(server?.scope, 'user');
    assert.equal(server?.config_path, host.at(config));
    assert.deepEqual([server?.command, ...(server?.args ?? [])], LAUNCH);
    assert.deepEqual(server?.env_keys, ['COLOUR']);
    assert.equal(server?.transport, 'stdio');
  });

  test(`what ${id} adds is wrapped, and unwrapped to the same text after ${id} wrote the file again`, {
    skip,
  }, async (t) => {
    const host = new Host(t);
    runClient(host, program, add);
    const before = readFileSync(host.at(config), 'utf8');
    const selection = ['--home', host.home, '--state-dir', host.stateDir];
    const digest = async () => {
      const { stdout } = await host.run('scan', '--json', '--home', host.home, '--state-dir', host.stateDir);
      const { servers } = JSON.parse(stdout) as { servers: Server[] };
      return servers.find(({ name }) => name === 'every')?.closure.digest;
    };
    const first = await digest();
    await host.run('wrap', '--all', ...selection);
    assert.notEqual(readFileSync(host.at(config), 'utf8'), before);
    assert.equal(await digest(), first);
    const second = add.map((word) => (word === 'every' ? 'second' : word));
    runClient(host, program, second);
    await host.run('unwrap', '--all', ...selection);
    const after = readFileSync(host.at(config), 'utf8');
    runClient(host, program, [...remove, 'second']);
    assert.equal(readFileSync(host.at(config), 'utf8').trimEnd(), before.trimEnd(), after);
    assert.equal(await digest(), first);
  });
}
