import { isIP } from 'node:net';
import {
  ApprovalError,
  Authoriser,
  type DenialCode,
  type FleetPolicy,
  JointAuthoriser,
  NO_FLEET_POLICY,
  type Policy,
  type PolicyAuthority,
  type PolicySubject,
  policySubject,
  readFleetPolicy,
  type Statement,
} from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Place } from '../state/destinations.ts';
import type { KnownServer } from './known-server.ts';
import { type Image, isShell } from './launch-chain.ts';
import { ResolvedNames } from './resolved-names.ts';

/** What the policies of a server say of something that it did; `none` where it is held to none. */
export type PolicyAnswer = 'none' | 'allowed' | DenialCode;

/** One of the policies that a server is held to. */
interface Hold {
  readonly policy: Policy;
  readonly authoriser: Authoriser;
}

/** What a server is held to; a code where a policy cannot be used: then nothing is allowed. */
interface Check {
  readonly statement: Statement | null;
  readonly fleet: string | null;
  readonly profile: Profile;
  readonly held: { readonly holds: readonly Hold[]; readonly authority: PolicyAuthority } | DenialCode;
}

/** The policy of the fleet, read once for all servers. */
interface ReadFleet {
  readonly digest: string;
  /** Null where it cannot be used. */
  readonly policy: Policy | null;
}

/** The call policies of the servers as they are now, for what their processes do. */
export class PolicyChecks {
  readonly #place: { readonly profile: Profile; readonly group: string | null };
  readonly #names: ResolvedNames;
  #checks: ReadonlyMap<string, Check> = new Map();
  #fleet: ReadFleet | null = null;

  constructor(
    place: { readonly profile: Profile; readonly group: string | null },
    names: ResolvedNames = new ResolvedNames(),
  ) {
    this.#names = names;
    this.#place = place;
  }

  /** Takes the policies of these servers; those whose approval and fleet's policy are the same stay as they are. */
  async follow(servers: readonly KnownServer[], policy: FleetPolicy = NO_FLEET_POLICY): Promise<void> {
    this.#fleet = await readFleet(policy, this.#fleet);
    const fleet = this.#fleet;
    // One look is judged by one profile.
    const { profile } = this.#place;
    const checks = new Map<string, Check>();
    for (const known of servers) {
      const { statement } = known.verdict;
      const own = statement?.predicate.policy ?? null;
      if (own === null && fleet === null) continue;
      const { id } = known.discovered.server;
      const before = this.#checks.get(id);
      const same =
        before !== undefined &&
        before.profile === profile &&
        before.fleet === (fleet?.digest ?? null) &&
        sameDecision(before.statement, statement);
      const held = same ? before.held : await this.#hold(known, fleet);
      checks.set(id, { statement, profile, fleet: fleet?.digest ?? null, held });
    }
    this.#checks = checks;
    const patterns = [...checks.values()].flatMap(({ held }) =>
      typeof held === 'string' ? [] : held.holds.flatMap(({ policy }) => policy.destinations ?? []),
    );
    await this.#names.follow([...new Set(patterns.flatMap(hostOfPattern))]);
  }

  stop(): void {
    this.#names.stop();
  }

  /** Whether a server may start this program. */
  program(serverId: string, image: Image, shell: boolean = isShell(image)): PolicyAnswer {
    const held = this.#checks.get(serverId)?.held;
    if (held === undefined || typeof held === 'string') return held ?? 'none';
    const decision = held.authority.program(image.exe, { shell }, momentNow());
    return decision.decision === 'allow' ? 'allowed' : decision.code;
  }

  /** What the kernel is told of a server's programs; null where its policies say nothing about them. */
  execLists(serverId: string): Authoriser['execLists'] | null {
    const held = this.#checks.get(serverId)?.held;
    return held === undefined || typeof held === 'string' ? null : held.authority.execLists;
  }

  /**
   * Whether a server may connect there. A name with a star in a policy could stand for any address: then what no
   * other line allows is not known.
   */
  connection(serverId: string, { address, port }: Place): PolicyAnswer {
    const held = this.#checks.get(serverId)?.held;
    if (held === undefined || typeof held === 'string') return held ?? 'none';
    const names = this.#names.namesOf(address);
    const answers = held.holds.map(({ policy, authoriser }): PolicyAnswer => {
      const decision = authoriser.connection({ names, address, port }, momentNow());
      if (decision.decision === 'allow') return 'allowed';
      const open = policy.destinations?.some((pattern) => pattern.startsWith('*.')) === true;
      return decision.code === 'DENIED_DESTINATION' && open ? 'none' : decision.code;
    });
    const denied = answers.find((answer) => answer !== 'none' && answer !== 'allowed');
    return denied ?? (answers.includes('none') ? 'none' : 'allowed');
  }

  async #hold(known: KnownServer, fleet: ReadFleet | null): Promise<Check['held']> {
    if (fleet?.policy === null) return 'DENIED_FLEET_POLICY_UNUSABLE';
    const own = known.verdict.statement?.predicate.policy ?? null;
    const { profile, group: hostGroup } = this.#place;
    const subject = policySubject(known.discovered, known.verdict.statement, { profile, hostGroup });
    const fleets = fleet === null ? null : await opened(fleet.policy, subject);
    if (fleet !== null && fleets === null) return 'DENIED_FLEET_POLICY_UNUSABLE';
    const owns = own === null ? null : await opened(own, subject);
    if (own !== null && owns === null) return 'DENIED_CEDAR_FAILED';
    const holds = [fleets, owns].filter((hold) => hold !== null);
    const authority =
      fleets === null ? owns?.authoriser : new JointAuthoriser(fleets.authoriser, owns?.authoriser ?? null);
    return authority === undefined ? 'DENIED_CEDAR_FAILED' : { holds, authority };
  }
}

async function opened(policy: Policy, subject: PolicySubject): Promise<Hold | null> {
  try {
    return { policy, authoriser: await Authoriser.open(policy, subject) };
  } catch (error) {
    if (error instanceof ApprovalError) return null;
    throw error;
  }
}

async function readFleet(policy: FleetPolicy, before: ReadFleet | null): Promise<ReadFleet | null> {
  if (policy.kind === 'none') return null;
  if (policy.kind === 'unusable') return { digest: policy.fault.message, policy: null };
  if (before?.digest === policy.digest) return before;
  try {
    return { digest: policy.digest, policy: await readFleetPolicy(policy.policy) };
  } catch (error) {
    if (error instanceof ApprovalError) return { digest: policy.digest, policy: null };
    throw error;
  }
}

function momentNow() {
  return { now: new Date(), monotonic: performance.now() };
}

/** The name in a destination pattern that can be looked up; none in an address, a range or a name with a star. */
function hostOfPattern(pattern: string): readonly string[] {
  const [host = ''] = pattern.split(':', 1);
  return /^[[*]/.test(host) || host.includes('/') || isIP(host) !== 0 ? [] : [host];
}

function sameDecision(a: Statement | null, b: Statement | null): boolean {
  if (a === null || b === null) return a === b;
  return a.predicate.serial === b.predicate.serial && a.predicate.issued === b.predicate.issued;
}
