import { isIP } from 'node:net';
import { ApprovalError, Authoriser, type DenialCode, type Statement } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Place } from '../state/destinations.ts';
import type { KnownServer } from './known-server.ts';
import { type Image, isShell } from './launch-chain.ts';
import { ResolvedNames } from './resolved-names.ts';

/** What the approval of a server says of something that it did; `none` where it holds no policy. */
export type PolicyAnswer = 'none' | 'allowed' | DenialCode;

interface Check {
  readonly statement: Statement;
  /** Null where its Cedar cannot be used: then nothing is allowed. */
  readonly authoriser: Authoriser | null;
}

/** The call policies of the servers as they are now, for what their processes do. */
export class PolicyChecks {
  readonly #profile: Profile;
  readonly #hostGroup: string | null;
  readonly #names: ResolvedNames;
  #checks: ReadonlyMap<string, Check> = new Map();

  constructor(
    { profile, group }: { readonly profile: Profile; readonly group: string | null },
    names: ResolvedNames = new ResolvedNames(),
  ) {
    this.#names = names;
    this.#profile = profile;
    this.#hostGroup = group;
  }

  /** Takes the policies of these servers; those whose approval is the same stay as they are. */
  async follow(servers: readonly KnownServer[]): Promise<void> {
    const checks = new Map<string, Check>();
    for (const known of servers) {
      const { statement } = known.verdict;
      if (statement === null || statement.predicate.policy === null) continue;
      const { id } = known.discovered.server;
      const before = this.#checks.get(id);
      const same = before !== undefined && sameDecision(before.statement, statement);
      checks.set(id, same ? before : { statement, authoriser: await this.#open(known, statement) });
    }
    this.#checks = checks;
    const patterns = [...checks.values()].flatMap(
      ({ statement }) => statement.predicate.policy?.destinations ?? [],
    );
    await this.#names.follow([...new Set(patterns.flatMap(hostOfPattern))]);
  }

  stop(): void {
    this.#names.stop();
  }

  /** Whether a server may start this program. */
  program(serverId: string, image: Image, shell: boolean = isShell(image)): PolicyAnswer {
    const check = this.#checks.get(serverId);
    if (check === undefined) return 'none';
    const moment = { now: new Date(), monotonic: performance.now() };
    const decision = check.authoriser?.program(image.exe, { shell }, moment);
    if (decision === undefined) return 'DENIED_CEDAR_FAILED';
    return decision.decision === 'allow' ? 'allowed' : decision.code;
  }

  /** What the kernel is told of a server's programs; null where its approval says nothing about them. */
  execLists(serverId: string): Authoriser['execLists'] | null {
    return this.#checks.get(serverId)?.authoriser?.execLists ?? null;
  }

  /**
   * Whether a server may connect there. A name with a star in the policy could stand for any address: then what
   * no other line allows is not known.
   */
  connection(serverId: string, { address, port }: Place): PolicyAnswer {
    const check = this.#checks.get(serverId);
    const policy = check?.statement.predicate.policy ?? null;
    if (check === undefined || policy === null) return 'none';
    const names = this.#names.namesOf(address);
    const moment = { now: new Date(), monotonic: performance.now() };
    const decision = check.authoriser?.connection({ names, address, port }, moment);
    if (decision === undefined) return 'DENIED_CEDAR_FAILED';
    if (decision.decision === 'allow') return 'allowed';
    const open = policy.destinations?.some((pattern) => pattern.startsWith('*.')) === true;
    return decision.code === 'DENIED_DESTINATION' && open ? 'none' : decision.code;
  }

  async #open(known: KnownServer, { predicate, subject }: Statement): Promise<Authoriser | null> {
    if (predicate.policy === null) return null;
    try {
      return await Authoriser.open(predicate.policy, {
        server: predicate.server,
        closure: subject[0]?.digest.sha256 ?? '',
        owner: predicate.owner,
        user: known.discovered.server.user,
        profile: this.#profile,
        hostGroup: this.#hostGroup,
        anchors: known.discovered.anchors,
      });
    } catch (error) {
      if (error instanceof ApprovalError) return null;
      throw error;
    }
  }
}

/** The name in a destination pattern that can be looked up; none in an address, a range or a name with a star. */
function hostOfPattern(pattern: string): readonly string[] {
  const [host = ''] = pattern.split(':', 1);
  return /^[[*]/.test(host) || host.includes('/') || isIP(host) !== 0 ? [] : [host];
}

function sameDecision(a: Statement, b: Statement): boolean {
  return a.predicate.serial === b.predicate.serial && a.predicate.issued === b.predicate.issued;
}
