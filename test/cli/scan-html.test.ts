import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { htmlReport } from '../../cli/report/html-report.ts';
import { haveProgram } from '../debian-package.ts';
import { TempDirectory } from '../temp-directory.ts';
import { HOSTILE_NAMES, sampleFinding, sampleReport, sampleServer } from './sample-report.ts';

const VOID = new Set(['meta', 'br', 'link', 'img', 'input', 'hr']);

/** Elements in order, after every tag was found closed where it should be; text between tags holds no `<`. */
function elementsOf(page: string): readonly string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = page
    .replace(/^<!doctype html>/, '')
    .replaceAll(/<(\/?)([a-z0-9]+)((?:\s+[a-z-]+="[^"<>]*")*)>/g, (_, slash, name) => {
      if (slash === '/') assert.equal(open.pop(), name);
      else {
        seen.push(name);
        if (!VOID.has(name)) open.push(name);
      }
      return '';
    });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /<|&(?!(?:amp|lt|gt|quot|#39);)/);
  return seen;
}

function hostileReport() {
  const servers = HOSTILE_NAMES.map((name, index) =>
    sampleServer({
      id: `${index}`.padStart(16, '0'),
      name,
      user: name,
      args: [name],
      config_path: `/home/${name}`,
      project: name,
      findings: [sampleFinding('mcp_auto_approve', 'high', name), sampleFinding('x', 'informational', name)],
      closure: {
        digest: 'a'.repeat(64),
        artefacts: [
          {
            role: 'unresolved',
            path: name,
            portable_path: name,
            sha256: null,
            owner: name,
            mode: '',
            writable_by: [name],
            reason: name,
          },
        ],
      },
    }),
  );
  const problems = HOSTILE_NAMES.map((name) => ({
    path: name,
    line: 1,
    column: 1,
    code: 'CONFIG_SYNTAX',
    message: name,
  }));
  const controls = HOSTILE_NAMES.map((name) => ({
    client: name,
    kind: 'trust' as const,
    scope: 'user' as const,
    user: name,
    project: null,
    path: name,
    key: name,
    sha256: 'c'.repeat(64),
    value: 'true',
    findings: [sampleFinding('mcp_auto_approve', 'high', name)],
  }));
  return sampleReport({ servers, problems, controls, host: HOSTILE_NAMES[0] });
}

test('the page is well-formed and has the same elements whatever the names are', () => {
  const tame = htmlReport(sampleReport());
  assert.ok(elementsOf(tame).includes('article'));
  const elements = new Set(elementsOf(htmlReport(hostileReport())));
  for (const name of ['script', 'img', 'iframe', 'object']) assert.ok(!elements.has(name), name);
  assert.equal(elementsOf(htmlReport(hostileReport())).filter((name) => name === 'style').length, 1);
});

test('an empty host makes a page that says so', () => {
  const page = htmlReport(sampleReport({ servers: [] }));
  elementsOf(page);
  assert.match(page, /No MCP server is configured on this host/);
});

test('the page needs nothing from elsewhere, and its policy allows only its own style', () => {
  const page = htmlReport(sampleReport({ servers: [sampleServer({ command: null, args: [], url: null })] }));
  assert.doesNotMatch(page, /https?:\/\/|\ssrc=|url\(|@import|<link|<script|\sstyle=|\son\w+=/);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
  const digest = createHash('sha256').update(style).digest('base64');
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
  assert.ok(policy.replaceAll('&#39;', "'").includes(`style-src 'sha256-${digest}'`));
  assert.match(policy, /^default-src &#39;none&#39;/);
});

test('what was found is on the page: places, words, mappings, digests', () => {
  const page = htmlReport(
    sampleReport({ problems: [{ path: '/x', line: 2, column: 1, code: 'CONFIG_SYNTAX', message: 'ends' }] }),
  );
  for (const text of [
    'files',
    '/home/u/.claude.json:3',
    'npx -y files',
    'mcp_unpinned_package',
    'owasp.asi04',
    'a'.repeat(64),
    '/x:2:1',
    'CONFIG_SYNTAX',
    '2026-01-02 03:04 UTC',
  ])
    assert.ok(page.includes(text), text);
});

/** Chromium of this host, installed where that is allowed; null where there is none. */
function chromium(): string | null {
  const found = ['chromium-browser', 'google-chrome'].find(
    (name) => spawnSync(name, ['--version'], { timeout: 30_000 }).status === 0,
  );
  return found ?? (haveProgram('chromium', 'chromium') ? 'chromium' : null);
}

test('a browser shows every server and runs nothing of a hostile name', (t: TestContext) => {
  const browser = chromium();
  if (browser === null) return t.skip('no Chromium on this host, and it could not be installed');
  using directory = new TempDirectory();
  const file = directory.write('report.html', htmlReport(hostileReport()));
  const { stdout, status } = spawnSync(
    browser,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-dev-shm-usage',
      `--user-data-dir=${directory.at('profile')}`,
      '--dump-dom',
      `file://${file}`,
    ],
    { encoding: 'utf8', timeout: 120_000 },
  );
  assert.equal(status, 0);
  assert.equal(stdout.match(/<article id="s-/g)?.length, HOSTILE_NAMES.length);
  assert.match(stdout, /<title>MCP servers of &lt;script&gt;/);
  const tags = stdout.replace(/<style>[\s\S]*?<\/style>/, '').match(/<[a-z][^>]*>/g) ?? [];
  assert.ok(tags.length > HOSTILE_NAMES.length);
  for (const tag of tags) assert.doesNotMatch(tag, /^<(?:script|img|style)|\son\w+=/);
});
