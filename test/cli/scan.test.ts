import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import picocolors from 'picocolors';
import type { Output } from '../../cli/output.ts';
import { showProgress } from '../../cli/progress.ts';
import { serverTable } from '../../cli/table.ts';
import { TempDirectory } from '../temp-directory.ts';
import { MAIN, runBuilt } from './built.ts';
import { HOSTILE_NAMES, sampleServer } from './sample-report.ts';

class Host extends TempDirectory {
  readonly selection = ['--home', this.at('home'), '--state-dir', this.at('state')] as const;

  servers(servers: object): this {
    this.write('home/.claude.json', { mcpServers: servers });
    return this;
  }

  scan(...args: readonly string[]) {
    return runBuilt(['scan', ...this.selection, ...args], { cwd: this.path });
  }
}

/** Its findings: a medium one, and informational ones. */
const UNPINNED = { files: { command: 'npx', args: ['-y', 'not-installed-here'] } };
/** Nothing but what is so on every laptop. */
const ORDINARY = { files: { command: '/bin/true' } };

test('the exit code follows --fail-on, and informational findings fail nothing unless told', () => {
  using host = new Host().servers(UNPINNED);
  const status = (...args: readonly string[]) => host.scan('--json', ...args).status;
  assert.equal(status(), 1);
  assert.equal(status('--fail-on', 'medium'), 1);
  assert.equal(status('--fail-on', 'high'), 0);
  assert.equal(status('--fail-on', 'none'), 0);
  assert.equal(status('--fail-on', 'worst'), 2);
  host.servers(ORDINARY);
  assert.equal(status(), 0);
  assert.equal(status('--fail-on', 'informational'), 1);
});

test('a problem counts as medium', () => {
  using host = new Host().servers(ORDINARY);
  host.write('home/.cursor/mcp.json', '{');
  const status = (level: string) => host.scan('--json', '--fail-on', level).status;
  assert.deepEqual([status('medium'), status('high')], [1, 0]);
});

test('findings come with what to do, informational ones only when asked, and their number is said', () => {
  using host = new Host().servers(UNPINNED);
  const { stdout } = host.scan();
  assert.match(stdout, /^Claude Code \(1\)$/m);
  assert.match(
    stdout,
    /medium\s+npx runs not-installed-here .*\(mcp_unpinned_package\)\n\s+fix: Name an exact version/,
  );
  assert.match(
    stdout,
    /^1 server of 1 client; findings: 1 medium, 2 informational; 0 problems; \d+\.\d\d s$/m,
  );
  assert.match(stdout, /2 informational findings not shown: --all/);
  assert.doesNotMatch(stdout, /\(mcp_closure_unresolved\)/);
  const all = host.scan('--all').stdout;
  assert.match(all, /\(mcp_closure_unresolved\)/);
  assert.doesNotMatch(all, /not shown/);
});

test('settings that answer for the user are told beside the servers, and count', () => {
  using host = new Host().servers(ORDINARY);
  host.write('home/.claude/settings.json', {
    enableAllProjectMcpServers: true,
    permissions: { defaultMode: 'plan' },
  });
  const { controls } = JSON.parse(host.scan('--json').stdout);
  const ids = controls.flatMap(({ key, findings }: { key: string; findings: readonly { id: string }[] }) =>
    findings.map(({ id }) => `${key} ${id}`),
  );
  assert.deepEqual(ids, ['enableAllProjectMcpServers mcp_auto_approve']);
  const { status, stdout } = host.scan('--fail-on', 'high');
  assert.equal(status, 1);
  assert.match(stdout, /^claude-code settings .*settings\.json\n\s+high\s+enableAllProjectMcpServers: /m);
});

test('the production profile takes what the server’s user can write for a defect', () => {
  using host = new Host().servers(ORDINARY);
  const levels = (...args: readonly string[]) =>
    JSON.parse(host.scan('--json', ...args).stdout).servers[0].findings.map(
      ({ id, severity }: { id: string; severity: string }) => `${id} ${severity}`,
    );
  assert.ok(levels().includes('mcp_self_authority informational'));
  assert.ok(levels('--profile', 'production').includes('mcp_self_authority high'));
});

test('a scan starts no server, whatever its config says', () => {
  using host = new Host();
  const trace = host.at('started');
  const touch = host.write('home/touch.sh', `#!/bin/sh\ntouch ${trace}\n`, 0o755);
  host.servers({
    direct: { command: touch },
    shell: { command: 'sh', args: ['-c', `touch ${trace}`] },
    substituted: { command: `$(touch ${trace})`, args: ['`touch $trace`'] },
    helper: { url: 'https://localhost:1/', headersHelper: `touch ${trace}` },
  });
  const { stdout } = host.scan('--json');
  assert.equal(JSON.parse(stdout).servers.length, 4);
  assert.ok(!existsSync(trace));
  assert.equal(spawnSync(touch).status, 0);
  assert.ok(existsSync(trace), 'the server would have left its trace');
});

test('positions of entries are told', () => {
  using host = new Host();
  host.write(
    'home/.claude.json',
    '{\n  "mcpServers": {\n    "a": {"command": "true"},\n    "b": {"command": "true"}\n  }\n}',
  );
  const { servers } = JSON.parse(host.scan('--json').stdout);
  assert.deepEqual(
    servers.map(({ name, config_line }: { name: string; config_line: number }) => [name, config_line]),
    [
      ['a', 3],
      ['b', 4],
    ],
  );
});

test('--html writes a page beside the table, or to stdout alone; --sarif answers alone', () => {
  using host = new Host().servers(UNPINNED);
  const beside = host.scan('--html', host.at('report.html'));
  assert.match(beside.stdout, /mcp_unpinned_package/);
  assert.match(beside.stderr, /report written to/);
  assert.match(readFileSync(host.at('report.html'), 'utf8'), /^<!doctype html>/);
  assert.ok(statSync(host.at('report.html')).size > 5_000);
  const alone = host.scan('--html', '-');
  assert.match(alone.stdout, /^<!doctype html>[\s\S]*<\/html>\s*$/);
  assert.equal(alone.status, 1);
  const sarif = host.scan('--sarif');
  assert.equal(JSON.parse(sarif.stdout).version, '2.1.0');
  assert.deepEqual([sarif.status, sarif.stderr], [1, '']);
});

test('two answers for one stdout, or a place that cannot be written, are refused', () => {
  using host = new Host().servers(UNPINNED);
  for (const args of [
    ['--json', '--sarif'],
    ['--sarif', '--html', '-'],
    ['--json', '--html', '-'],
  ]) {
    const { status, stdout } = host.scan(...args);
    assert.deepEqual([status, stdout], [2, ''], args.join(' '));
  }
  const { status, stderr } = host.scan('--html', host.at('none', 'report.html'));
  assert.equal(status, 3);
  assert.match(stderr, /CLI_FILE_UNWRITABLE/);
});

test('nothing but the answer is written where no terminal listens', () => {
  using host = new Host().servers(ORDINARY);
  const { stdout, stderr } = host.scan();
  assert.equal(stderr, '');
  assert.ok(!stdout.includes('\u001b') && !stdout.includes('\r'));
});

function outputOf(columns: number | null): Output {
  return {
    json: false,
    colours: picocolors.createColors(false),
    columns,
    answer: () => {},
    answerJson: () => {},
    say: () => {},
  };
}

test('the table fits the terminal, is grouped by client and lets no name act', () => {
  const servers = [
    ...HOSTILE_NAMES.map((name) => sampleServer({ name, args: [name.repeat(9)], client: 'cursor' })),
    sampleServer({ name: 'x'.repeat(200) }),
    sampleServer({ name: '漢字'.repeat(30) }),
  ];
  for (const columns of [80, 100, 200]) {
    const lines = serverTable(servers, outputOf(columns)).split('\n');
    for (const line of lines) assert.ok([...line].length <= columns, `${columns}: ${line}`);
    assert.equal(lines.filter((line) => /^(?:Claude Code \(2\)|Cursor \(8\))$/.test(line)).length, 2);
    assert.equal(lines.length, 1 + 2 + servers.length);
    assert.doesNotMatch(lines.join(''), /[\p{Cc}\p{Cf}]/u);
  }
});

test('progress is shown after a while, on a terminal only, and cleared', () => {
  let now = 0;
  const written: string[] = [];
  const stream = (isTTY: boolean) => ({ isTTY, write: (text: string) => written.push(text) > 0 });
  const progress = showProgress('reading', true, stream(true), () => now);
  progress.update(1, 10);
  progress.clear();
  assert.deepEqual(written, []);
  now = 301;
  progress.update(5, 10);
  progress.update(6, 10);
  assert.equal(written.length, 1);
  assert.match(written[0] ?? '', /reading █{10}░{10} 5\/10$/);
  progress.clear();
  assert.equal(written.length, 2);
  written.length = 0;
  for (const [isWanted, isTTY] of [
    [false, true],
    [true, false],
  ] as const) {
    const silent = showProgress('reading', isWanted, stream(isTTY), () => now);
    now += 1_000;
    silent.update(5, 10);
    silent.clear();
  }
  assert.deepEqual(written, []);
});

test('Ctrl-C ends a scan at once, as the shell expects', async () => {
  using host = new Host();
  // Gigabytes to hash keep the scan busy for longer than the signal takes; on disk they are holes.
  const programs = Array.from({ length: 6 }, (_, index) => {
    const path = host.write(`home/large${index}`, `${index}`, 0o755);
    truncateSync(path, 1024 ** 3 - 1);
    return [`s${index}`, { command: path }];
  });
  host.servers(Object.fromEntries(programs));
  const child = spawn(process.execPath, [MAIN, 'scan', '--json', ...host.selection], { stdio: 'ignore' });
  await once(child, 'spawn');
  setTimeout(() => child.kill('SIGINT'), 400).unref();
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [null, 'SIGINT']);
});
