import {
  ApprovalError,
  Authoriser,
  type FleetPolicy,
  JointAuthoriser,
  type Policy,
  type PolicyAuthority,
  policySubject,
  readFleetPolicy,
} from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { ServerSight, Standing } from '../sight/server-sight.ts';

/** What was decided about the server: whether it may run, and what it may do. */
export interface Decided {
  readonly standing: Standing;
  /** Null where nothing limits what it does. */
  readonly policy: SessionPolicy | null;
}

/**
 * The policies of the fleet and of the approval, ready to be asked; a fault where one cannot be used, and then nothing
 * is allowed.
 */
export type SessionPolicy =
  | { readonly kind: 'usable'; readonly authoriser: PolicyAuthority }
  | { readonly kind: 'unusable'; readonly of: 'fleet' | 'approval'; readonly fault: ApprovalError };

export interface DeciderOptions {
  readonly sight: ServerSight;
  readonly profile: Profile;
  readonly hostGroup: string | null;
}

type Known = Extract<Standing, { kind: 'known' }>;
type Opened = Authoriser | ApprovalError;
interface Kept {
  readonly key: string;
  readonly opened: Opened;
}

/** Looks at the server and opens the policies that hold it; while one stays, so do its rates. */
export class Decider {
  readonly #options: DeciderOptions;
  #own: Kept | null = null;
  #fleet: Kept | null = null;

  constructor(options: DeciderOptions) {
    this.#options = options;
  }

  async look(now: Date): Promise<Decided> {
    const standing = await this.#options.sight.look(now);
    return { standing, policy: await this.#policyOf(standing) };
  }

  async #policyOf(standing: Standing): Promise<SessionPolicy | null> {
    if (standing.kind !== 'known') return null;
    const fleet = await this.#fleetOf(standing);
    const own = await this.#ownOf(standing);
    if (fleet instanceof ApprovalError) return { kind: 'unusable', of: 'fleet', fault: fleet };
    if (own instanceof ApprovalError) return { kind: 'unusable', of: 'approval', fault: own };
    if (fleet !== null) return { kind: 'usable', authoriser: new JointAuthoriser(fleet, own) };
    return own === null ? null : { kind: 'usable', authoriser: own };
  }

  async #fleetOf(standing: Known): Promise<Opened | null> {
    const { fleet } = standing;
    if (fleet.kind === 'none') return null;
    if (fleet.kind === 'unusable') return fleet.fault;
    const key = `${fleet.digest}\0${approvalKey(standing)}`;
    const read = () => readFleetPolicy(fleet.policy);
    if (this.#fleet?.key !== key) this.#fleet = { key, opened: await this.#open(standing, read) };
    return this.#fleet.opened;
  }

  async #ownOf(standing: Known): Promise<Opened | null> {
    const policy = standing.verdict.statement?.predicate.policy ?? null;
    if (policy === null) return null;
    const key = approvalKey(standing);
    if (this.#own?.key !== key) this.#own = { key, opened: await this.#open(standing, () => policy) };
    return this.#own.opened;
  }

  async #open(standing: Known, read: () => Policy | Promise<Policy>): Promise<Opened> {
    const { discovered, verdict } = standing;
    try {
      const subject = policySubject(discovered, verdict.statement, this.#options);
      return await Authoriser.open(await read(), subject);
    } catch (error) {
      if (error instanceof ApprovalError) return error;
      throw error;
    }
  }
}

/** While it is the same, so is what the policies are about. */
function approvalKey({ verdict: { statement }, discovered }: Known): string {
  const { digest } = discovered.server.closure;
  return statement === null
    ? digest
    : `${statement.predicate.serial}\0${statement.predicate.issued}\0${digest}`;
}

/** What tells one policy of the fleet from another. */
export function fleetKey(fleet: FleetPolicy): string | null {
  if (fleet.kind === 'none') return null;
  return fleet.kind === 'signed' ? fleet.digest : fleet.fault.message;
}
