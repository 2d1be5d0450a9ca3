import { dirname } from 'node:path';
import type { Profile } from '../../wire/index.ts';
import { ApprovalError } from '../errors.ts';
import { loadTrust, type Trust, type TrustSource, trustDirectory, trustFiles } from '../keys/trust-roots.ts';
import { type Candidate, identityOf } from '../statement/statement.ts';
import type { StoredApproval } from '../store/approval-files.ts';
import { bundlePath } from '../store/bundle.ts';
import type { MarkSubject } from '../store/marks.ts';
import { type FleetPolicy, NO_FLEET_POLICY, readPolicyBundle } from '../store/policy-bundle.ts';
import type { ApprovalStore } from '../store/store.ts';
import type { EvidenceOf } from './explanation.ts';
import { judge, type Verdict } from './judge.ts';

/** Time that is kept across restarts is kept this often, in milliseconds. */
const KEEP_TIME_MS = 60_000;

export interface AssessorOptions {
  readonly approvals: ApprovalStore;
  readonly trustSource: TrustSource;
  /** Trust roots that were named one by one, in place of those of host and state directory. */
  readonly trust?: Trust | undefined;
  /** Which approvals count: all, or only those committed beside a project. All unless told. */
  readonly stores?: 'all' | 'committed' | undefined;
  /** The group that this host belongs to. */
  readonly group: string | null;
  /** What is known of changes to a server's artefacts; nothing unless given. */
  readonly evidenceOf?: ((server: Candidate) => EvidenceOf) | undefined;
}

/** Every decision that lies on this host, verified. */
export interface Docket {
  readonly stored: readonly StoredApproval[];
  /** Whose signatures count; null where the trust roots cannot be believed. */
  readonly trust: Trust | null;
  /** What every server is held to beside the policy of its approval. */
  readonly fleet: FleetPolicy;
  /** Why no decision can be believed at all; null where they can. */
  readonly fault: ApprovalError | null;
}

/** Judges servers by the decisions on this host and keeps what it will not go back behind. */
export class Assessor {
  readonly #options: AssessorOptions;

  constructor(options: AssessorOptions) {
    this.#options = options;
  }

  get profile(): Profile {
    return this.#options.trustSource.profile;
  }

  /** Reads the decisions; where the trust roots cannot be believed (others may write them), none counts. */
  load(projects: readonly string[]): Docket {
    const { approvals, trustSource, stores } = this.#options;
    const { stateDir, profile } = trustSource;
    try {
      const trust = this.#options.trust ?? loadTrust(trustSource);
      if (stores === 'committed') {
        const stored = approvals.loadCommitted(projects, trust);
        return { stored, trust, fleet: NO_FLEET_POLICY, fault: null };
      }
      const stored = approvals.load(projects, trust);
      const fleet = readPolicyBundle(stateDir, { trust, profile, marks: approvals.marks });
      return { stored, trust, fleet, fault: null };
    } catch (error) {
      if (!(error instanceof ApprovalError)) throw error;
      const fleet = this.#unbelievedPolicy(error);
      return { stored: [], trust: null, fleet, fault: error };
    }
  }

  /** Where no signature can be believed, a policy that was installed still forbids. */
  #unbelievedPolicy(fault: ApprovalError): FleetPolicy {
    const { marks } = this.#options.approvals;
    return marks.policyVersion === 0 ? NO_FLEET_POLICY : { kind: 'unusable', fault };
  }

  /** The verdict about a server; a decision that counts raises the mark of its serial. */
  judge(server: Candidate, { stored, trust, fault }: Docket, now: Date): Verdict {
    if (fault !== null) return unbelievable(fault, this.profile);
    const { approvals, group, evidenceOf } = this.#options;
    const { marks } = approvals;
    const subject: MarkSubject = {
      server: identityOf(server),
      profile: this.profile,
      group,
      user: server.user,
    };
    const verdict = judge(server, stored, {
      situation: { now, latestSeen: marks.latestSeen, profile: this.profile, group },
      threshold: trust?.threshold[this.profile] ?? 1,
      highestSerial: marks.highest(subject),
      evidenceOf: evidenceOf?.(server),
    });
    if (verdict.statement !== null && verdict.counts)
      marks.record(subject, verdict.statement.predicate.serial);
    return verdict;
  }

  /** Keeps the time, now and then. */
  keepTime(now: Date): void {
    const { marks } = this.#options.approvals;
    if (now.getTime() - (marks.latestSeen ?? 0) >= KEEP_TIME_MS) marks.recordTime(now);
  }

  /** Files and directories that decide, for watching: the decisions, and whose signatures count. */
  watched({ stored }: Docket): { readonly files: readonly string[]; readonly trees: readonly string[] } {
    const { approvals, trustSource, trust } = this.#options;
    const { stateDir, systemDirectory } = trustSource;
    const own = [approvals.directory, dirname(bundlePath(stateDir))];
    const paths = stored.map((entry) => entry.path);
    if (trust !== undefined) return { files: paths, trees: own };
    const system = systemDirectory === null ? [] : [systemDirectory];
    // The directories themselves, so that a root that is added is seen as well as one that is changed.
    const roots = [trustDirectory({ stateDir, systemDirectory: null }), ...system];
    return { files: [...paths, ...trustFiles(trustSource)], trees: [...own, ...roots] };
  }
}

function unbelievable(error: ApprovalError, profile: Profile): Verdict {
  return {
    state: 'invalid',
    code: error.code,
    reason: `no approval can be believed: ${error.message}`,
    ruling: profile === 'production' ? 'deny' : 'report',
    statement: null,
    source: null,
    counts: false,
    changes: [],
  };
}
