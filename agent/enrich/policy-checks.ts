import { ApprovalError, Authoriser, type DenialCode, type Statement } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { KnownServer } from './known-server.ts';
import { type Image, isShell } from './launch-chain.ts';

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
  #checks: ReadonlyMap<string, Check> = new Map();

  constructor({ profile, group }: { readonly profile: Profile; readonly group: string | null }) {
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
  }

  /** Whether a server may start this program. */
  program(serverId: string, image: Image): PolicyAnswer {
    const check = this.#checks.get(serverId);
    if (check === undefined) return 'none';
    const moment = { now: new Date(), monotonic: performance.now() };
    const decision = check.authoriser?.program(image.exe, { shell: isShell(image) }, moment);
    if (decision === undefined) return 'DENIED_CEDAR_FAILED';
    return decision.decision === 'allow' ? 'allowed' : decision.code;
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

function sameDecision(a: Statement, b: Statement): boolean {
  return a.predicate.serial === b.predicate.serial && a.predicate.issued === b.predicate.issued;
}
