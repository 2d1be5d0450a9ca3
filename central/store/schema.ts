import type { ColumnType, Generated } from 'kysely';
import type { BundleKind, BundleState, Severity } from '../../wire/index.ts';

/** `connected`; `stopped`: said goodbye; `disconnected`: went away without a word; `silent`: so for longer than allowed. */
export const AGENT_STATES = ['connected', 'stopped', 'disconnected', 'silent'] as const;
export type AgentState = (typeof AGENT_STATES)[number];

export type CounterName =
  | 'alert_bytes'
  | 'alert_rows'
  | 'search_position'
  | 'deleted_position'
  | 'deleted_unfed';

/** Times are RFC 3339, UTC, with milliseconds, so that they sort as text. */
export interface Schema {
  agents: {
    id: string;
    host: string;
    os: string;
    version: string;
    first_seen: string;
    last_seen: string;
    /** Highest seq committed. */
    last_seq: number;
    state: AgentState;
    /** Group that its enrolment token named; empty for none. */
    grp: Defaulted<string>;
    /** What tells its machine from others, as its last hello said. */
    machine: string | null;
    /** What its last welcome gave it. */
    generation: string | null;
    /** What it showed for that; as good, until it is known to have kept the newer. */
    generation_before: string | null;
    /** SHA-256 of the key of its last certificate (SubjectPublicKeyInfo), base64url; null for who never enrolled. */
    key: string | null;
    /** Id of the token that it enrolled with. */
    token: string | null;
    /** When its identity was revoked. */
    revoked: string | null;
    /** When a second machine was seen with its identity. */
    cloned: string | null;
    /** Alerts that it holds unacknowledged. */
    waiting: Defaulted<number>;
    /** Its collectors as JSON, as its last heartbeat said. */
    health: Defaulted<string>;
    /** Losses by stage of its present run, as JSON, and the sum of all runs before. */
    lost: Defaulted<string>;
    lost_before: Defaulted<string>;
    lost_since: string | null;
    /** SHA-256 of the servers that it told last; empty before. */
    inventory: Defaulted<string>;
  };
  alerts: {
    /** Order of commit; cursor of pages and feeds; never used twice. */
    position: Generated<number>;
    agent: string;
    seq: number;
    id: string;
    time: string;
    received: string;
    host: string;
    user: string;
    name: string;
    level: Severity;
    server_id: string | null;
    server_name: string | null;
    client: string | null;
    /** The Alert as JSON. */
    body: string;
  };
  servers: {
    agent: string;
    id: string;
    body: string;
    updated: string;
    name: Defaulted<string>;
    client: Defaulted<string>;
    state: Defaulted<string>;
    /** Closure digest; empty where there is none. */
    digest: Defaulted<string>;
    /** When this server was first told of with this digest. */
    first_seen: Defaulted<string>;
  };
  /** `term` in which the cursor was last taken over: no earlier one moves it. */
  feeds: { name: string; position: number; term: Defaulted<number> };
  /**
   * Who does what one node does at a time; `node` is empty where nobody does, `beat` changes with each renewal, `session` is
   * the holder's at PostgreSQL, empty where it does not matter.
   */
  leases: { duty: string; node: string; term: number; beat: number; session: string };
  /** Alerts that a receiver refuses for good. */
  dead_letters: { feed: string; position: number; alert: string; time: string; reason: string };
  /** Single facts about this central, such as the seq of its own alerts. */
  facts: { name: string; value: string };
  /**
   * Whole numbers that change with the alerts: `alert_bytes` and `alert_rows` that are kept, `search_position` up to
   * which their words are in the index, `deleted_position` up to which retention took them away, `deleted_unfed` of
   * them before a feed had them.
   */
  counters: { name: CounterName; value: number };
  /** The words of alerts; SQLite calls the position `rowid`. */
  alert_words: { position: number; rowid: number };
  enrolment_tokens: {
    id: string;
    /** SHA-256 as hex; the secret itself is shown once and never kept. */
    secret_hash: string;
    grp: string;
    uses_left: number;
    created: string;
    created_by: string;
    expires: string;
    revoked: string | null;
  };
  certificates: { serial: string; agent: string; issued: string; expires: string };
  /** What people said of an alert; an alert without a row is `new`. */
  triage: {
    alert: string;
    status: string;
    /** What a closed alert turned out to be. */
    resolution: string | null;
    assignee: string | null;
    changed: string;
    changed_by: string;
  };
  notes: { id: string; alert: string; time: string; author: string; text: string };
  /** Append-only; each row's hash covers the one before. */
  audit: {
    number: number;
    time: string;
    actor: string;
    action: string;
    subject: string;
    detail: string;
    previous: string;
    hash: string;
  };
  api_tokens: {
    id: string;
    secret_hash: string;
    name: string;
    role: string;
    created: string;
    created_by: string;
    expires: string;
    revoked: string | null;
  };
  logins: {
    secret_hash: string;
    subject: string;
    name: string;
    role: string;
    created: string;
    expires: string;
  };
  bundles: {
    kind: BundleKind;
    version: number;
    /** Of the text, lower-case hex. */
    sha256: string;
    /** Length of the text in bytes of UTF-8. */
    bytes: number;
    text: string;
    created: string;
    created_by: string;
  };
  rollouts: {
    id: string;
    kind: BundleKind;
    version: number;
    /** JSON array of group names; empty for all hosts. */
    groups: string;
    canary_percent: number;
    state: string;
    started: string;
    changed: string;
    reason: string;
    /** JSON: how the canaries were before. */
    baseline: string;
  };
  /** What hosts ask to run, as far as it must be remembered. */
  asks: { id: string; first_seen: string; rejected_by: string | null; reason: string | null };
  decisions: {
    id: string;
    ask: string;
    state: 'signing' | 'sealing' | 'done';
    /** Envelope of the statement, with the signatures so far, as JSON. */
    envelope: string;
    /** JSON: version and payload of the bundle that is to be signed. */
    bundle: string | null;
    canary_percent: number;
    rollout: string | null;
    created: string;
    created_by: string;
  };
  bundle_states: {
    agent: string;
    kind: BundleKind;
    version: number;
    state: BundleState;
    code: string | null;
    message: string;
    changed: string;
  };
}

type Defaulted<T> = ColumnType<T, T | undefined, T>;
