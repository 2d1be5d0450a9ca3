import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import everything from '@modelcontextprotocol/server-everything/package.json' with { type: 'json' };
import filesystem from '@modelcontextprotocol/server-filesystem/package.json' with { type: 'json' };
import memory from '@modelcontextprotocol/server-memory/package.json' with { type: 'json' };
import type { Entries, Host } from '../host.ts';

/** Where npx finds the packages without a network. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url));

/** Debian's own: `python3` may be the shim of a version manager, which is a shell script. */
export const PYTHON = '/usr/bin/python3';

/** A home with two clients and four servers, as a developer has them. */
export interface RealHome {
  /** Path of each client's program; its own name is what a process list shows. */
  readonly clients: readonly { readonly program: string; readonly config: string }[];
  /** As `approve` takes them. */
  readonly servers: readonly string[];
  /** Directory that the servers may read and write. */
  readonly workspace: string;
  readonly python: { readonly command: string; readonly args: string[] };
}

/** An entry that runs a published server through npx, pinned to the version that is installed here. */
function npxEntry(
  { name, version }: { readonly name: string; readonly version: string },
  args: readonly string[] = [],
  env?: Readonly<Record<string, string>>,
) {
  return { command: 'npx', args: ['-y', `${name}@${version}`, ...args], cwd: ROOT, ...(env && { env }) };
}

/** Writes what a developer's home has: credentials that npm and ssh read, a shell's start-up file, a workspace. */
function writeSurroundings(host: Host): string {
  host.write('.npmrc', '//registry.example/:_authToken=npm_not_a_real_token\nfund=false\n');
  host.write('.ssh/id_ed25519', 'not a key\n');
  host.write('.aws/credentials', '[default]\naws_access_key_id = none\n');
  host.write('.bashrc', 'alias ll="ls -l"\n');
  host.write('work/readme.md', '# Work\n\nSome words to read.\n');
  host.write('work/src/main.ts', 'export const answer = 42;\n');
  mkdirSync(host.at('work/out'));
  return host.at('work');
}

function addClient(host: Host, name: string, config: string, servers: Entries) {
  host.writeConfig(config, servers);
  const program = host.at('bin', name);
  host.makeDirectory(host.at('bin'));
  symlinkSync(`${PROGRAMS}client.ts`, program);
  return { program, config: host.at(config) };
}

/** Lays out the home. */
export function layOut(host: Host): RealHome {
  const workspace = writeSurroundings(host);
  const server = host.write('srv/server.py', readFileSync(`${PROGRAMS}server.py`));
  const python = { command: PYTHON, args: [server] };
  const graph = { MEMORY_FILE_PATH: host.at('.memory/graph.jsonl') };
  host.makeDirectory(host.at('.memory'));
  const claude = addClient(host, 'claude', '.claude.json', {
    everything: { type: 'stdio', ...npxEntry(everything, ['stdio']) },
    filesystem: { type: 'stdio', ...npxEntry(filesystem, [workspace]) },
  });
  const cursor = addClient(host, 'cursor', '.cursor/mcp.json', {
    memory: npxEntry(memory, [], graph),
    python,
  });
  return {
    clients: [claude, cursor],
    servers: ['claude-code/everything', 'claude-code/filesystem', 'cursor/memory', 'cursor/python'],
    workspace,
    python,
  };
}
