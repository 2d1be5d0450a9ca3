import type { Platform } from '../clients/client.ts';
import type { HostUser } from '../users.ts';
import { belongsTo, type Environment, variableOf } from './environment.ts';
import type { RunningClient } from './running-clients.ts';
import { ownSearchPath, runningSearchPath, type SearchPath, systemSearchPath } from './search-path.ts';

export interface UserViewOptions {
  readonly platform: Platform;
  readonly systemRoot: string;
  /** The environment of the scan. */
  readonly env: Environment;
  readonly running: readonly RunningClient[];
  /** True where another user of the scan has the same uid: a process then tells whose it is by its HOME only. */
  readonly sharesUid: boolean;
}

const NO_ENVIRONMENT: Environment = {};

/** One user with what is known of the environment that the user's clients have. */
export class UserView {
  readonly user: HostUser;
  /** The user's clients that run now. */
  readonly running: readonly RunningClient[];
  readonly #options: UserViewOptions;
  readonly #isOwn: boolean;
  readonly #searchPaths = new Map<string, SearchPath>();

  constructor(user: HostUser, options: UserViewOptions) {
    this.user = user;
    this.#options = options;
    const { platform, systemRoot, env, running, sharesUid } = options;
    this.#isOwn = belongsTo(env, user.home, platform, systemRoot);
    this.running = running.filter(
      (client) =>
        client.uid === user.uid &&
        (client.env === null ? !sharesUid : belongsTo(client.env, user.home, platform, systemRoot)),
    );
  }

  /** The environment that servers inherit, as far as it is the user's; empty where it is not known. */
  get environment(): Environment {
    return this.#isOwn ? this.#options.env : NO_ENVIRONMENT;
  }

  /** All environments that may move this user's configs. */
  get environments(): readonly Environment[] {
    const running = this.running.map(({ env }) => env).filter((env) => env !== null);
    return this.#isOwn ? [this.#options.env, ...running] : running;
  }

  /** PATH as the client has it if it runs, else as this scan has it, else as the system gives it. */
  searchPath(client: string): SearchPath {
    const known = this.#searchPaths.get(client);
    if (known !== undefined) return known;
    const search = this.#findSearchPath(client);
    this.#searchPaths.set(client, search);
    return search;
  }

  #findSearchPath(client: string): SearchPath {
    const { platform, systemRoot, env } = this.#options;
    for (const { client: id, name, env: its } of this.running) {
      const path = id === client && its !== null ? variableOf(its, 'PATH', platform) : undefined;
      if (path !== undefined) return runningSearchPath(path, name);
    }
    const own = this.#isOwn ? variableOf(env, 'PATH', platform) : undefined;
    if (own !== undefined) return ownSearchPath(own, this.user, platform, systemRoot);
    return systemSearchPath(this.user, platform, systemRoot);
  }
}
