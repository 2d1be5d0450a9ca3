import { ApprovalError, Authoriser, type Policy, type Statement } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { ServerSight, Standing } from '../sight/server-sight.ts';

/** What was decided about the server: whether it may run, and what it may do. */
export interface Decided {
  readonly standing: Standing;
  /** Null where no approval limits what it does. */
  readonly policy: SessionPolicy | null;
}

/** The policy of an approval, ready to be asked; a fault where it cannot be used, and then nothing is allowed. */
export type SessionPolicy =
  | { readonly kind: 'usable'; readonly authoriser: Authoriser; readonly statement: Statement }
  | { readonly kind: 'unusable'; readonly fault: ApprovalError };

export interface DeciderOptions {
  readonly sight: ServerSight;
  readonly profile: Profile;
  readonly hostGroup: string | null;
}

/** Looks at the server and opens the policy that its approval carries; while the approval stays, so do its rates. */
export class Decider {
  readonly #options: DeciderOptions;
  #kept: { readonly key: string; readonly policy: SessionPolicy } | null = null;

  constructor(options: DeciderOptions) {
    this.#options = options;
  }

  async look(now: Date): Promise<Decided> {
    const standing = await this.#options.sight.look(now);
    return { standing, policy: await this.#policyOf(standing) };
  }

  async #policyOf(standing: Standing): Promise<SessionPolicy | null> {
    if (standing.kind !== 'known') return null;
    const { statement } = standing.verdict;
    const policy = statement?.predicate.policy ?? null;
    if (statement === null || policy === null) return null;
    const { digest } = standing.discovered.server.closure;
    const key = `${statement.predicate.serial}\0${statement.predicate.issued}\0${digest}`;
    if (this.#kept?.key !== key) this.#kept = { key, policy: await this.#open(standing, statement, policy) };
    return this.#kept.policy;
  }

  async #open(
    { discovered }: Extract<Standing, { kind: 'known' }>,
    statement: Statement,
    policy: Policy,
  ): Promise<SessionPolicy> {
    const { profile, hostGroup } = this.#options;
    const { predicate, subject } = statement;
    const { server, anchors } = discovered;
    try {
      const authoriser = await Authoriser.open(policy, {
        server: predicate.server,
        closure: subject[0]?.digest.sha256 ?? '',
        owner: predicate.owner,
        user: server.user,
        profile,
        hostGroup,
        anchors,
      });
      return { kind: 'usable', authoriser, statement };
    } catch (error) {
      if (error instanceof ApprovalError) return { kind: 'unusable', fault: error };
      throw error;
    }
  }
}
