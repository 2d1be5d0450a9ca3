import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApprovalStore, Assessor, openSigner } from '../../../approval/index.ts';
import type { GuardRequest } from '../../../guard/request.ts';
import { ServerSight, type Standing } from '../../../guard/sight/server-sight.ts';
import { HashCache, homeAsUser } from '../../../inventory/index.ts';
import { TempDirectory } from '../../temp-directory.ts';

const URL = 'https://mcp.example.com/mcp';
const NOW = new Date('2026-01-01T00:00:00Z');

/** A home with a config of Cursor that has one remote server. */
class RemoteHome implements Disposable {
  readonly #home = new TempDirectory();
  readonly #state = new TempDirectory();

  configure(entry: object): void {
    this.#home.write('.cursor/mcp.json', { mcpServers: { tracker: entry } });
  }

  async look(url: string, name: string | null = 'tracker'): Promise<Standing> {
    const request: GuardRequest = {
      client: 'cursor',
      name,
      config: null,
      command: '',
      args: [],
      remote: { url, transport: 'http' },
      cwd: this.#home.path,
      env: { HOME: this.#home.path },
    };
    const sight = new ServerSight({
      request,
      user: homeAsUser(this.#home.path),
      assessor: this.#assessor(),
      cache: new HashCache(),
      salt: 'salt',
      platform: process.platform,
    });
    return sight.look(NOW);
  }

  async approve(): Promise<void> {
    const standing = await this.look(URL);
    assert.ok(standing.kind === 'known');
    await new ApprovalStore(this.#state.path).approve(standing.discovered.server, {
      owner: 'test',
      approver: 'test',
      reason: '',
      expires: new Date(NOW.getTime() + 3_600_000),
      now: NOW,
      contexts: { profiles: null, host_groups: null, users: null },
      accepted: [],
      policy: null,
      signer: await openSigner(undefined, { ...this.#trust, agentSocket: undefined }),
      project: null,
      known: [],
    });
  }

  [Symbol.dispose](): void {
    this.#home[Symbol.dispose]();
    this.#state[Symbol.dispose]();
  }

  get #trust() {
    return { stateDir: this.#state.path, systemDirectory: null };
  }

  #assessor(): Assessor {
    return new Assessor({
      approvals: new ApprovalStore(this.#state.path),
      trustSource: { ...this.#trust, profile: 'developer' },
      group: null,
    });
  }
}

function stateOf(standing: Standing): string {
  return standing.kind === 'known' ? standing.verdict.state : standing.kind;
}

test('a remote server is known by its url, and approved by its entry', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  assert.equal(stateOf(await home.look(URL)), 'pending');
  await home.approve();
  assert.equal(stateOf(await home.look(URL)), 'approved');
});

test('an entry that leads elsewhere is no longer what was approved', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  await home.approve();
  home.configure({ url: 'https://evil.example/mcp' });
  assert.equal(stateOf(await home.look(URL)), 'mismatch');
  assert.equal(stateOf(await home.look('https://evil.example/mcp')), 'drifted');
});

test('a header in the entry is part of what was approved', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  await home.approve();
  home.configure({ url: URL, headers: { 'X-Tenant': 'other' } });
  assert.equal(stateOf(await home.look(URL)), 'drifted');
});

test('a url that no entry asks for is of an unknown server', async () => {
  using home = new RemoteHome();
  home.configure({ url: URL });
  assert.equal(stateOf(await home.look('https://evil.example/mcp', null)), 'unknown');
});

test('what the named entry asks for is told without its secrets', async () => {
  using home = new RemoteHome();
  home.configure({ url: 'https://mcp.example.com/mcp?token=ghp_012345678901234567890123456789abcdef' });
  const standing = await home.look(URL);
  assert.ok(standing.kind === 'mismatch');
  assert.match(standing.asked, /^https:\/\/mcp\.example\.com\/mcp/);
  assert.doesNotMatch(standing.asked, /ghp_0123/);
});
