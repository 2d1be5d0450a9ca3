import type { Alert, Server } from '../../wire/index.ts';

export const AGENT = '00112233445566aa';
export const OTHER_AGENT = 'ffeeddccbbaa9988';

/** An alert of an agent with everything optional absent. */
export function plainAlert(seq: number, more: Partial<Alert> = {}, agent = AGENT): Alert {
  return {
    id: `${agent}-${seq}`,
    seq,
    time: new Date(Date.UTC(2026, 7, 1, 10, 0, seq)).toISOString(),
    host: 'build-7',
    user: 'alice',
    rule: {
      id: '5f6f4c0e-3b0f-4b0a-9a52-0f7f5d0f8e01',
      name: 'mcp_shell_spawn',
      title: 'MCP server spawned a shell',
      level: 'high',
      tags: ['attack.execution', 'attack.t1059.004'],
      author: 'Jane Doe',
      license: 'DRL-1.1',
    },
    server: null,
    event: {},
    actor: null,
    ancestry: [],
    change: null,
    count: 1,
    ...more,
  };
}

/** An alert with server, actor, ancestry, event and change. */
export function fullAlert(seq: number): Alert {
  return plainAlert(seq, {
    server: { id: 's-1', client: 'claude-code', name: 'files', state: 'drifted' },
    event: {
      Image: '/usr/bin/bash',
      CommandLine: 'bash -i',
      ProcessId: 4242,
      User: 'alice',
      TargetFilename: '/home/alice/srv/index.js',
      DestinationIp: '203.0.113.9',
      DestinationPort: 4444,
      'mcp.in_launch_chain': false,
    },
    actor: { pid: 4242, exe: '/usr/bin/bash', cmdline: 'bash -i', in_subtree: true },
    ancestry: [
      { pid: 4242, start: 990, exe: '/usr/bin/bash', cmdline: 'bash -i', user: 'alice' },
      { pid: 4100, start: 900, exe: '/usr/bin/node', cmdline: 'node index.js', user: 'alice' },
      { pid: 1, start: 1, exe: '/sbin/init', cmdline: 'init', user: 'root' },
    ],
    change: {
      artefact: { role: 'script', path: '/home/alice/srv/index.js' },
      before: 'a'.repeat(64),
      after: 'b'.repeat(64),
      diff: '-safe()\n+evil()\n',
    },
    count: 3,
  });
}

export function sampleServer(id: string): Server {
  return {
    id,
    client: 'claude-code',
    scope: 'user',
    config_path: '/home/alice/.claude.json',
    project: null,
    project_source: null,
    assumptions: [],
    name: `name-${id}`,
    transport: 'stdio',
    command: 'node',
    args: ['index.js'],
    env_keys: [],
    env_file: null,
    cwd: null,
    url: null,
    disabled: null,
    auto_approve: null,
    guarded: false,
    user: 'alice',
    closure: { digest: 'c'.repeat(64), artefacts: [] },
    state: 'pending',
    findings: [],
  };
}
