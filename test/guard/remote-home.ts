import { ApprovalStore, Assessor, openSigner, type Policy } from '../../approval/index.ts';
import type { GuardRequest } from '../../guard/request.ts';
import { ServerSight, type Standing } from '../../guard/sight/server-sight.ts';
import { HashCache, homeAsUser } from '../../inventory/index.ts';
import { TempDirectory } from '../temp-directory.ts';

/** A home with a config of Cursor that has one remote server. */
export class RemoteHome implements Disposable {
  readonly #home = new TempDirectory();
  readonly #state = new TempDirectory();

  /** State directory of the user and the host. */
  get stateDir(): string {
    return this.#state.path;
  }

  configure(entry: object): void {
    this.#home.write('.cursor/mcp.json', { mcpServers: { tracker: entry } });
  }

  /** What the guard sees of the server with this url, where its entry is named or not. */
  async look(url: string, name: string | null = 'tracker'): Promise<Standing> {
    return this.sight(url, name).look(new Date());
  }

  sight(url: string, name: string | null = 'tracker'): ServerSight {
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
    return new ServerSight({
      request,
      user: homeAsUser(this.#home.path),
      assessor: this.#assessor(),
      cache: new HashCache(),
      salt: 'salt',
      platform: process.platform,
      guards: [],
      stateDir: this.#home.path,
    });
  }

  /** Signs for the entry as it is. */
  async approve(url: string, policy: Policy | null = null): Promise<void> {
    const standing = await this.look(url);
    if (standing.kind !== 'known') throw new Error(`the server is ${standing.kind}`);
    const now = new Date();
    await new ApprovalStore(this.#state.path).approve(standing.discovered.server, {
      owner: 'test',
      approver: 'test',
      reason: '',
      expires: new Date(now.getTime() + 3_600_000),
      now,
      contexts: { profiles: null, host_groups: null, users: null },
      accepted: [],
      policy,
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
