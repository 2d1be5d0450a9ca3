import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Alert, Problem, Server } from '../../wire/index.ts';
import { Host, ORDINARY, until } from './host.ts';

const HUGE_BYTES = 50 * 1024 * 1024;
const HALF_JSON = '{\n  "mcpServers": {\n    "half": { "command": "node", "args": ["x';

/** Configs of clients, each of which can be broken while those of the others stay healthy. */
const CONFIGS = {
  cursor: '.cursor/mcp.json',
  'claude-code': '.claude.json',
  windsurf: '.codeium/windsurf/mcp_config.json',
  gemini: '.gemini/settings.json',
  kiro: '.kiro/settings/mcp.json',
  'claude-desktop': '.config/Claude/claude_desktop_config.json',
} as const;
type ClientId = keyof typeof CONFIGS;
const CLIENTS = Object.keys(CONFIGS) as ClientId[];

/** The client at a place of the list. */
function victim(index: number): ClientId {
  return CLIENTS[index % CLIENTS.length] ?? 'cursor';
}

/** A way to break a config: makes the broken thing at `path`, and what is said of it. */
interface Breakage {
  readonly name: string;
  readonly code: string;
  readonly message: RegExp;
  readonly position?: { readonly line: number; readonly column: number };
  readonly make: (path: string, config: string) => void;
}

const BREAKAGES: readonly Breakage[] = [
  {
    name: 'half a JSON file',
    code: 'CONFIG_SYNTAX',
    message: /./,
    position: { line: 3, column: 43 },
    make: (path) => writeFileSync(path, HALF_JSON),
  },
  {
    name: 'a file of 50 MB',
    code: 'CONFIG_TOO_LARGE',
    message: new RegExp(`larger than \\d+ bytes \\(${HUGE_BYTES}\\)`),
    make: (path) =>
      writeFileSync(path, Buffer.concat([Buffer.from('{}'), Buffer.alloc(HUGE_BYTES - 2, ' ')])),
  },
  {
    name: 'a directory',
    code: 'CONFIG_NOT_A_FILE',
    message: /is a directory/,
    make: (path) => mkdirSync(path),
  },
  {
    name: 'a loop of symbolic links',
    code: 'CONFIG_SYMLINK_LOOP',
    message: /loop/,
    make: (path, config) => {
      symlinkSync(config, `${config}.loop`);
      symlinkSync(`${config}.loop`, path);
    },
  },
  {
    name: 'a FIFO',
    code: 'CONFIG_NOT_A_FILE',
    message: /is a FIFO/,
    make: (path) => void execFileSync('mkfifo', [path]),
  },
];
/** Only an ordinary user is refused. */
const UNREADABLE: Breakage = {
  name: 'a file that may not be read',
  code: 'CONFIG_PERMISSION_DENIED',
  message: /permission denied/,
  make: (path) => writeFileSync(path, '{}', { mode: 0 }),
};

/** A home where each client has one healthy server of its own. */
class Clients {
  readonly #host: Host;
  #made = 0;

  constructor(host: Host) {
    this.#host = host;
    for (const client of CLIENTS) {
      host.write(`servers/${client}.mjs`, `// ${client}\n`);
      host.write(CONFIGS[client], this.#config(client, 1));
    }
  }

  path(client: ClientId): string {
    return this.#host.at(CONFIGS[client]);
  }

  #config(client: ClientId, version: number): string {
    const args = [this.#host.at('servers', `${client}.mjs`), `v${version}`];
    return JSON.stringify({ mcpServers: { [client]: { command: 'node', args } } });
  }

  #aside(): string {
    this.#made += 1;
    return join(this.#host.directory, `aside-${this.#made}`);
  }

  /** Puts something in the place of a config, without a moment in which it is missing where the system can do that. */
  #replace(client: ClientId, make: (path: string, config: string) => void): void {
    const path = this.path(client);
    const fresh = this.#aside();
    make(fresh, path);
    this.#host.own(fresh);
    try {
      renameSync(fresh, path);
    } catch {
      // A directory and a file do not replace each other.
      renameSync(path, this.#aside());
      renameSync(fresh, path);
    }
  }

  break(client: ClientId, { make }: Breakage): void {
    this.#replace(client, make);
  }

  restore(client: ClientId, version: number): void {
    this.#replace(client, (path) => writeFileSync(path, this.#config(client, version), { mode: 0o600 }));
  }
}

interface Scan {
  readonly servers: readonly Server[];
  readonly problems: readonly Problem[];
}

async function scan(host: Host): Promise<Scan> {
  const { code, stdout, stderr } = await host.run('scan', '--json', '--home', host.home);
  assert.equal(code, 1, stderr);
  return JSON.parse(stdout);
}

test('scan names each broken config once, with path and reason, and lists the servers of the others', async (context) => {
  for (const turn of CLIENTS.keys()) {
    const host = new Host(context);
    const clients = new Clients(host);
    // In each turn, every breakage befalls another client; one client stays healthy.
    const broken = BREAKAGES.slice(0, CLIENTS.length - 1).map((breakage, index) => {
      const broken = victim(turn + 1 + index);
      clients.break(broken, breakage);
      return { path: clients.path(broken), breakage };
    });
    const { servers, problems } = await scan(host);
    assert.deepEqual(
      problems.map(({ path }) => path).sort(),
      broken.map(({ path }) => path).sort(),
      'one problem for each broken config',
    );
    for (const { path, breakage } of broken) {
      const problem = problems.find((candidate) => candidate.path === path);
      assert.equal(problem?.code, breakage.code, breakage.name);
      assert.match(problem?.message ?? '', breakage.message);
      const { line, column } = breakage.position ?? { line: null, column: null };
      assert.deepEqual([problem?.line, problem?.column], [line, column], breakage.name);
    }
    const healthy = CLIENTS.filter((other) => !broken.some(({ path }) => path === clients.path(other)));
    assert.deepEqual(servers.map((server) => server.client).sort(), healthy.sort());
  }
});

function tellsOf(alert: Alert, { code, message, position }: Breakage): void {
  assert.equal(alert.event['mcp.problem'], code);
  assert.match(String(alert.event['mcp.problem_message']), message);
  if (position === undefined) return;
  assert.equal(alert.event['mcp.problem_line'], position.line);
  assert.equal(alert.event['mcp.problem_column'], position.column);
}

test('a running agent tells of each broken config once, keeps its servers in mind and goes on', async (context) => {
  const host = new Host(context);
  const clients = new Clients(host);
  const daemon = await host.up().ready();
  const about = (name: string, client: ClientId) =>
    daemon.named(name).filter(({ event }) => event['TargetFilename'] === clients.path(client));
  const count = async (name: string, client: ClientId, wanted: number) => {
    await until(
      () => `alert ${wanted} ${name} of ${client}; there came ${about(name, client).length}`,
      () => about(name, client).length >= wanted,
    );
    return about(name, client).at(-1);
  };
  let version = 1;

  for (const breakage of BREAKAGES) {
    version += 1;
    clients.break('cursor', breakage);
    const told = await count('mcp_config_unparseable', 'cursor', version - 1);
    assert.ok(told);
    tellsOf(told, breakage);
    clients.restore('cursor', version);
    const moved = await count('mcp_server_repointed', 'cursor', version - 1);
    assert.match(String(moved?.event['mcp.command_after']), new RegExp(` v${version}$`));
  }

  const pairs = BREAKAGES.slice(0, CLIENTS.length - 1).map((breakage, index) => ({
    breakage,
    client: victim(index + 1),
  }));
  for (const { breakage, client } of pairs) clients.break(client, breakage);
  for (const { breakage, client } of pairs) {
    const told = await count('mcp_config_unparseable', client, 1);
    assert.ok(told);
    tellsOf(told, breakage);
  }
  clients.restore('cursor', version + 1);
  await count('mcp_server_repointed', 'cursor', version);
  for (const { client } of pairs) clients.restore(client, 2);
  for (const { client } of pairs) await count('mcp_server_repointed', client, 1);

  assert.equal((await daemon.stop('SIGTERM')).code, 0);
  assert.equal(
    about('mcp_config_unparseable', 'cursor').length,
    BREAKAGES.length,
    'each breakage is told once',
  );
  for (const { client, breakage } of pairs)
    assert.equal(about('mcp_config_unparseable', client).length, 1, `${breakage.name} is told once`);
  assert.deepEqual(daemon.named('mcp_server_removed'), []);
  assert.deepEqual(daemon.named('mcp_server_added'), []);
});

test('a config that stays broken over a restart is not told again, and its server not taken for gone', async (context) => {
  const host = new Host(context);
  const clients = new Clients(host);
  const first = await host.up().ready();
  for (const [index, breakage] of BREAKAGES.entries()) {
    const client = victim(index);
    clients.break(client, breakage);
    await first.alert(
      'mcp_config_unparseable',
      ({ event }) => event['TargetFilename'] === clients.path(client),
    );
  }
  assert.equal((await first.stop('SIGTERM')).code, 0);
  const second = await host.up().ready();
  assert.equal(second.words.filter((line) => line.startsWith('problem: ')).length, BREAKAGES.length);
  for (const index of BREAKAGES.keys()) clients.restore(victim(index), 2);
  for (const index of BREAKAGES.keys()) {
    const path = clients.path(victim(index));
    await second.alert('mcp_server_repointed', ({ event }) => event['TargetFilename'] === path);
  }
  assert.equal((await second.stop('SIGTERM')).code, 0);
  assert.deepEqual(
    // This one process did change the configurations of several clients.
    second.alerts.filter(({ rule }) => !['mcp_server_repointed', 'mcp_config_campaign'].includes(rule.name)),
    [],
  );
});

test('a config that an ordinary user may not read is one problem and one alert', async (context) => {
  const host = new Host(context, ORDINARY);
  const clients = new Clients(host);
  const path = clients.path('cursor');
  const daemon = await host.up().ready();
  clients.break('cursor', UNREADABLE);
  const told = await daemon.alert('mcp_config_unparseable');
  assert.equal(told.event['TargetFilename'], path);
  tellsOf(told, UNREADABLE);
  const { servers, problems } = await scan(host);
  assert.deepEqual(
    problems.map((problem) => [problem.path, problem.code]),
    [[path, UNREADABLE.code]],
  );
  assert.equal(servers.length, CLIENTS.length - 1);
  clients.restore('cursor', 2);
  await daemon.alert('mcp_server_repointed');
  assert.equal((await daemon.stop('SIGTERM')).code, 0);
  assert.equal(daemon.named('mcp_config_unparseable').length, 1);
  assert.deepEqual(daemon.named('mcp_server_removed'), []);
});
