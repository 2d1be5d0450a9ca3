import type { ScanReport } from '../../cli/report/scan-report.ts';
import { findingKind } from '../../inventory/index.ts';
import type { Finding, Server } from '../../wire/index.ts';

/** A finding with the catalogue's words. */
export function sampleFinding(id: string, severity: Finding['severity'], message = 'what is wrong'): Finding {
  const kind = findingKind(id);
  return { id, severity, message, why: kind?.why ?? '', fix: kind?.fix ?? '', tags: kind?.tags ?? [] };
}

/** A server of a made-up host. */
export function sampleServer(changes: Partial<Server> = {}): Server {
  return {
    id: '0123456789abcdef',
    client: 'claude-code',
    scope: 'user',
    config_path: '/home/u/.claude.json',
    config_line: 3,
    config_column: 5,
    project: null,
    project_source: null,
    name: 'files',
    transport: 'stdio',
    command: 'npx',
    args: ['-y', 'files'],
    env_keys: [],
    env_file: null,
    cwd: null,
    url: null,
    disabled: null,
    auto_approve: null,
    guarded: false,
    user: 'u',
    closure: {
      digest: 'a'.repeat(64),
      artefacts: [
        {
          role: 'config',
          path: '/home/u/.claude.json',
          portable_path: '~/.claude.json#files',
          sha256: 'b'.repeat(64),
          owner: 'u',
          mode: '0600',
          writable_by: ['u'],
        },
      ],
    },
    state: 'pending',
    findings: [sampleFinding('mcp_unpinned_package', 'medium')],
    assumptions: [],
    ...changes,
  };
}

export function sampleReport(changes: Partial<ScanReport> = {}): ScanReport {
  return {
    servers: [sampleServer()],
    controls: [],
    problems: [],
    profile: 'developer',
    host: 'host',
    version: '1.2.3',
    started: new Date('2026-01-02T03:04:05.000Z'),
    ended: new Date('2026-01-02T03:04:05.250Z'),
    root: '/home/u/work',
    ...changes,
  };
}

/** Names that are markup, links, terminal commands or hidden text to whoever believes them. */
export const HOSTILE_NAMES = [
  '<script>document.title="owned"</script>',
  '"><img src=x onerror="document.title=1">',
  "' onmouseover='alert(1)",
  '</style><style>*{display:none}</style>',
  '&lt;b&gt; &amp; <b>',
  '[click](https://evil.example) {0}',
  'a\u001b[2Jb\u202ec\u0000d',
  '\ud800 lone',
] as const;
