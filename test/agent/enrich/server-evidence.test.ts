import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { TempDirectory } from '../../temp-directory.ts';
import { judged } from '../client-bench.ts';

test('names of programs, modules, packages and images are evidence', async (context) => {
  for (const [argv, name] of [
    [['uvx-python', '/x/bin/mcp-server-git'], null],
    [['/usr/bin/python3', '-m', 'mcp_server_git', '--repository', '/x'], 'mcp_server_git'],
    [['/usr/bin/python3.12', '-u', '/x/bin/mcp-server-git'], 'mcp-server-git'],
    [['/srv/GitHubMcpServer', 'stdio'], 'GitHubMcpServer'],
    [
      ['docker', 'run', '-i', '--rm', '-e', 'TOKEN', 'ghcr.io/github/github-mcp-server:1.0'],
      'github-mcp-server',
    ],
    [['docker', 'run', '--rm', '-i', 'mcp/fetch'], 'fetch'],
    [['docker', 'mcp', 'gateway', 'run'], 'docker-mcp-gateway'],
    [['java', '-jar', '/srv/spring-mcp.jar'], 'spring-mcp'],
    [['codex', 'mcp-server'], 'codex'],
    [['node', '/x/.bin/playwright', 'mcp', '--headless'], 'playwright'],
    [['node', '/x/.bin/ng', 'mcp'], 'ng'],
    [['node', '/usr/bin/claude', 'mcp', 'serve'], 'claude'],
  ] as const) {
    const found = await judged(context, argv);
    assert.deepEqual(
      found.map((each) => each.name),
      name === null ? [] : [name],
      argv.join(' '),
    );
  }
});

test('what a client starts all day is never told', async (context) => {
  using home = new TempDirectory();
  const tools = home.write('mcp-project/node_modules/typescript/lib/tsserver.js', 'require("fs")');
  home.write(
    'mcp-project/node_modules/typescript/package.json',
    '{"name":"typescript","main":"lib/tsserver.js"}',
  );
  const own = home.write('mcp-project/scripts/format.js', 'require("prettier")');
  home.write(
    'mcp-project/package.json',
    '{"name":"my-mcp-server","main":"dist/index.js","dependencies":{"@modelcontextprotocol/sdk":"1"}}',
  );
  const agent = home.write('agent/gemini.js', "import '@modelcontextprotocol/sdk/server/index.js'");
  for (const argv of [
    ['node', agent, '--experimental-acp'],
    ['grep', 'mcp'],
    ['node', '/x/.bin/tool', 'mcp', 'list'],
    ['/usr/bin/git', 'log', '--', 'mcp/server.ts'],
    ['rg', '--json', 'mcp-server', '/home/u/mcp'],
    ['tail', '-f', '/var/log/mcp-server.log'],
    ['bash', '-c', 'sleep 3; echo mcp'],
    ['bash', '-i'],
    ['node', tools, '--stdio'],
    ['node', own],
    ['node', '/usr/bin/npx', '-y', '@modelcontextprotocol/server-everything'],
    ['npm exec @modelcontextprotocol/server-everything', '', ''],
    ['python3', '-m', 'pytest', 'tests/mcp'],
    ['python3', '/x/test_mcp.py'],
    ['node', '/x/build-mcp.js'],
    ['claude', 'mcp', 'list'],
    ['claude', '--mcp-config', '/x/mcp.json', '-p', 'hi'],
    ['code', '--add-mcp', '{}'],
    ['docker', 'ps', '--filter', 'name=mcp'],
    ['cat'],
  ])
    assert.deepEqual(await judged(context, argv), [], argv.join(' '));
});

test('a script is a server by what it imports, itself or by files beside it', async (context) => {
  using home = new TempDirectory();
  const direct = home.write(
    'a/index.js',
    "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';",
  );
  const beside = home.write('b/index.js', "await import('./transports/stdio.js');");
  home.write('b/transports/stdio.js', "const x = require('@modelcontextprotocol/sdk/server/stdio.js')");
  const client = home.write(
    'c/index.js',
    "import { Client } from '@modelcontextprotocol/sdk/client/index.js';",
  );
  const python = home.write('d/tools.py', 'from mcp.server.fastmcp import FastMCP\n');
  const pythonBeside = home.write('e/run.py', 'from app import main\n');
  home.write('e/app.py', 'import fastmcp\n');
  const pythonClient = home.write('f/run.py', 'from mcp import ClientSession, StdioServerParameters\n');
  const loop = home.write('g/index.js', "require('./index.js'); require('./other.js')");
  home.write('g/other.js', "require('./index.js')");
  const sdk = 'import:@modelcontextprotocol/sdk/server';
  for (const [argv, evidence] of [
    [['node', direct], [`${sdk}/mcp.js`]],
    [['node', '--enable-source-maps', beside, 'stdio'], [`${sdk}/stdio.js`]],
    [['node', client], null],
    [['python3', python], ['import:mcp.server.fastmcp']],
    [['python3', '-u', pythonBeside], ['import:fastmcp']],
    [['python3', pythonClient], null],
    [['node', loop], null],
    [['python3', '-c', 'import sys; from mcp.server import Server; run()'], ['import:mcp.server']],
  ] as const) {
    const found = await judged(context, argv);
    assert.deepEqual(
      found.map((each) => each.evidence),
      evidence === null ? [] : [evidence],
      argv.join(' '),
    );
  }
});

test('the entry of a package is a server by the package; a large tool that has one as a command is not', async (context) => {
  using home = new TempDirectory();
  const sdk = '"dependencies":{"@modelcontextprotocol/sdk":"1"}';
  const named = home.write('node_modules/@modelcontextprotocol/server-x/dist/index.js', '');
  home.write(
    'node_modules/@modelcontextprotocol/server-x/package.json',
    `{"name":"@modelcontextprotocol/server-x","bin":{"x":"dist/index.js"},${sdk}}`,
  );
  const own = home.write('mine/index.js', '');
  home.write('mine/package.json', `{"name":"weather",${sdk}}`);
  const tool = home.write('node_modules/ng/bin/ng.js', '');
  home.write('node_modules/ng/package.json', `{"name":"ng","bin":{"ng":"./bin/ng.js"},${sdk}}`);
  const extension = home.write('extension/dist/server.js', '');
  home.write('extension/package.json', `{"name":"e","main":"dist/server","engines":{"vscode":"1"},${sdk}}`);
  mkdirSync(home.at('node_modules/.bin'));
  symlinkSync('../@modelcontextprotocol/server-x/dist/index.js', home.at('node_modules/.bin/x'));
  const scope = 'name:@modelcontextprotocol/server-x';
  const about = 'dependency:@modelcontextprotocol/sdk';
  for (const [script, name, evidence] of [
    [named, 'server-x', [scope, about]],
    [home.at('node_modules/.bin/x'), 'server-x', [scope, about]],
    [own, 'weather', [about]],
    [tool, null, []],
    [extension, null, []],
  ] as const)
    assert.deepEqual(
      await judged(context, ['node', script]),
      name === null ? [] : [{ name, evidence }],
      script,
    );
});

test('a script that is no regular file, is gone or leads in a circle is read by nobody', async (context) => {
  using home = new TempDirectory();
  symlinkSync('loop.js', home.at('loop.js'));
  for (const script of ['/dev/zero', '/dev/stdin', home.at('none.js'), home.at('loop.js'), home.at('.')])
    assert.deepEqual(await judged(context, ['node', script]), [], script);
});
