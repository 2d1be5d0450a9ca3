import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import {
  APPROVAL_PREDICATE,
  BUNDLE_PAYLOAD_TYPE,
  checkEnvelope,
  composeStatement,
  type Envelope,
  encodeBundle,
  encodeStatement,
  envelopeText,
  IN_TOTO_PAYLOAD_TYPE,
  identityOf,
  type Policy,
  parseStatement,
  refuseUnaccepted,
  type Signer,
  sameEntry,
  signEnvelope,
  type Trust,
  verifyEnvelope,
} from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { BundleShelf } from '../bundles/bundle-shelf.ts';
import type { Rollout, Rollouts } from '../bundles/rollouts.ts';
import { CentralError } from '../errors.ts';
import type { Schema } from '../store/schema.ts';
import { fleetApprovals, withApproval } from './fleet-approvals.ts';
import type { ApprovalQueue, AskDetail } from './queue.ts';

/** What an approver wants of an ask. */
export interface ApprovalWish {
  readonly owner: string;
  readonly reason: string;
  /** RFC 3339; null for ever. */
  readonly expires: string | null;
  /** Host groups; null for the whole fleet. */
  readonly groups: readonly string[] | null;
  readonly profiles: readonly Profile[] | null;
  /** Ids of findings that are accepted although production asks otherwise. */
  readonly accepted: readonly string[];
  readonly policy: Policy | null;
  /** Share of hosts that get the approval first; 0: all at once. */
  readonly canaryPercent: number;
}

/** Bytes that somebody shall sign, as DSSE takes them. */
export interface ToSign {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
}

/** A decision on its way: signatures of the statement, then one of the bundle that carries it to the hosts. */
export interface Decision {
  readonly id: string;
  readonly ask: string;
  readonly state: 'signing' | 'sealing' | 'done';
  readonly statement: ToSign;
  /** Ids of the trusted keys that signed the statement. */
  readonly signers: readonly string[];
  readonly needed: number;
  /** The bundle that is to be signed once the statement has its signatures. */
  readonly bundle: ToSign | null;
  readonly rollout: string | null;
}

export interface DecisionsParts {
  readonly db: Kysely<Schema>;
  readonly audit: AuditLog;
  readonly clock: () => number;
  readonly queue: ApprovalQueue;
  readonly shelf: BundleShelf;
  readonly rollouts: Rollouts;
  /** @throws {CodedError} */
  readonly trust: () => Trust;
  /** A key that central holds, which makes whoever approves sign nothing; null where it holds none. */
  readonly signer: Signer | null;
}

type Row = Selectable<Schema['decisions']>;

/** Decisions about what the fleet may run, from the wish to the rollout. What counts is signed; central only carries it. */
export class Decisions {
  readonly #parts: DecisionsParts;

  constructor(parts: DecisionsParts) {
    this.#parts = parts;
  }

  /**
   * Begins to approve: states what is to be signed. Where central holds a key, it signs at once.
   * @throws {ApprovalError} for a closure that nobody should sign, and for findings that are not accepted
   */
  async approve(ask: AskDetail, wish: ApprovalWish, actor: string): Promise<Decision> {
    const { audit, signer } = this.#parts;
    const payload = (await this.#state(ask, wish, actor)).toString('base64');
    const envelope: Envelope = { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [] };
    const now = new Date(this.#parts.clock()).toISOString();
    const row: Row = {
      id: randomUUID(),
      ask: ask.id,
      state: 'signing',
      envelope: JSON.stringify(envelope),
      bundle: null,
      canary_percent: wish.canaryPercent,
      rollout: null,
      created: now,
      created_by: actor,
    };
    const { client, name, digest } = ask;
    const detail = { client, name, digest, reason: wish.reason, expires: wish.expires, groups: wish.groups };
    await audit.within(async (db) => {
      await db.insertInto('decisions').values(row).execute();
      return { answer: null, deed: { actor, action: 'approval.propose', subject: row.id, detail } };
    });
    return signer === null ? await this.#shown(row) : await this.#signHere(row, signer);
  }

  /** One that was begun; null where there is none. */
  async find(id: string): Promise<Decision | null> {
    const row = await this.#row(id);
    return row === null ? null : await this.#shown(await this.#fresh(row));
  }

  /**
   * Takes an envelope: of the statement with a signature more, or of the bundle that is to be signed.
   * @throws {ApprovalError} where a signature is not by a trust root, or not of these very bytes
   * @throws {CentralError} CENTRAL_DECISION_UNKNOWN, CENTRAL_DECISION_CHANGED where something else was signed
   */
  async sign(id: string, given: unknown, actor: string): Promise<Decision> {
    const row = await this.#row(id);
    if (row === null) throw new CentralError('CENTRAL_DECISION_UNKNOWN', `there is no decision ${id}`);
    const envelope = checkEnvelope(given);
    if (row.state === 'signing') return await this.#addSignatures(row, envelope, actor);
    if (row.state === 'sealing') return await this.#seal(await this.#fresh(row), envelope, actor);
    throw new CentralError('CENTRAL_DECISION_CHANGED', 'this decision is made');
  }

  async #state(ask: AskDetail, wish: ApprovalWish, actor: string): Promise<Buffer> {
    const server = ask.asking[0]?.server;
    if (server === undefined)
      throw new CentralError('CENTRAL_DECISION_CHANGED', 'no host asks for this any more');
    const candidate = { ...server, findings: ask.findings };
    const { groups, profiles, accepted, owner, reason, expires, policy } = wish;
    const contexts = {
      profiles: profiles === null ? null : [...profiles],
      host_groups: groups === null ? null : [...groups],
      users: null,
    };
    refuseUnaccepted(candidate, contexts, accepted);
    const now = this.#parts.clock();
    const statement = composeStatement(APPROVAL_PREDICATE, candidate, {
      owner,
      approver: actor,
      reason,
      issued: new Date(now).toISOString(),
      expires,
      serial: await this.#serial(candidate, now),
      contexts,
      accepted,
      policy,
      anywhere: false,
    });
    return encodeStatement(statement);
  }

  /** Above what the fleet has, and, as seconds, above what hosts have counted up by themselves. */
  async #serial(server: Parameters<typeof identityOf>[0], now: number): Promise<number> {
    const { shelf, trust } = this.#parts;
    const identity = identityOf(server);
    const known = (await fleetApprovals(shelf, trust()))
      .filter(({ statement }) => sameEntry(statement.predicate.server, identity))
      .map(({ statement }) => statement.predicate.serial);
    return Math.max(Math.floor(now / 1_000), ...known.map((serial) => serial + 1));
  }

  async #signHere(row: Row, signer: Signer): Promise<Decision> {
    const { payload } = envelopeOf(row);
    const signed = await signEnvelope(Buffer.from(payload, 'base64'), signer);
    const next = await this.#addSignatures(row, signed, 'central');
    if (next.bundle === null) return next;
    const bundle = await signEnvelope(
      Buffer.from(next.bundle.payload, 'base64'),
      signer,
      BUNDLE_PAYLOAD_TYPE,
    );
    return await this.sign(row.id, bundle, 'central');
  }

  async #addSignatures(row: Row, given: Envelope, actor: string): Promise<Decision> {
    const { audit, trust } = this.#parts;
    const kept = envelopeOf(row);
    if (given.payload !== kept.payload)
      throw new CentralError('CENTRAL_DECISION_CHANGED', 'this is not the statement that is to be signed');
    const roots = trust();
    // What does not verify is not kept, whoever else signed.
    const { signers } = verifyEnvelope(given, roots.keys);
    const more = given.signatures.filter(({ keyid }) => signers.includes(keyid));
    const others = kept.signatures.filter(({ keyid }) => !signers.includes(keyid));
    const envelope = { ...kept, signatures: [...others, ...more] };
    const signed = { ...row, envelope: JSON.stringify(envelope) };
    const isEnough = envelope.signatures.length >= roots.threshold.production;
    const next = isEnough ? await this.#composed(signed) : signed;
    await audit.within(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('decisions')
        .set({ envelope: next.envelope, state: next.state, bundle: next.bundle })
        .where('id', '=', row.id)
        .where('envelope', '=', row.envelope)
        .executeTakeFirst();
      if (numUpdatedRows === 0n)
        throw new CentralError('CENTRAL_DECISION_CHANGED', 'somebody else signed at the same time', {
          hint: 'hand in the signature again',
        });
      return { answer: null, deed: { actor, action: 'approval.sign', subject: row.id, detail: { signers } } };
    });
    return await this.#shown(next);
  }

  /** Has the bundle that is to be signed carry the version after the newest, whatever came meanwhile. */
  async #composed(row: Row): Promise<Row> {
    const { shelf, trust, clock } = this.#parts;
    const envelope = envelopeOf(row);
    const statement = parseStatement(Buffer.from(envelope.payload, 'base64'));
    const set = withApproval(await fleetApprovals(shelf, trust()), { envelope, statement });
    const version = (await shelf.newestVersion('approvals')) + 1;
    const bundle = encodeBundle(set, version, new Date(clock())).toString('base64');
    return { ...row, state: 'sealing', bundle: JSON.stringify({ version, payload: bundle }) };
  }

  async #fresh(row: Row): Promise<Row> {
    if (row.state !== 'sealing' || row.bundle === null) return row;
    if (bundleOf(row.bundle).version > (await this.#parts.shelf.newestVersion('approvals'))) return row;
    const next = await this.#composed(row);
    await this.#parts.db
      .updateTable('decisions')
      .set({ bundle: next.bundle })
      .where('id', '=', row.id)
      .execute();
    return next;
  }

  async #seal(row: Row, envelope: Envelope, actor: string): Promise<Decision> {
    const { db, shelf } = this.#parts;
    if (row.bundle === null || envelope.payload !== bundleOf(row.bundle).payload)
      throw new CentralError('CENTRAL_DECISION_CHANGED', 'this is not the bundle that is to be signed', {
        hint: 'other approvals may have come meanwhile: fetch the decision and sign again',
      });
    const { version } = await shelf.add(envelopeText(envelope), actor);
    const rollout = await this.#rollOut(version, row.canary_percent, actor);
    await db
      .updateTable('decisions')
      .set({ state: 'done', rollout: rollout.id })
      .where('id', '=', row.id)
      .execute();
    return await this.#shown({ ...row, state: 'done', rollout: rollout.id });
  }

  async #rollOut(version: number, canaryPercent: number, actor: string): Promise<Rollout> {
    return await this.#parts.rollouts.start({ kind: 'approvals', version, groups: [], canaryPercent }, actor);
  }

  async #row(id: string): Promise<Row | null> {
    const row = await this.#parts.db
      .selectFrom('decisions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row ?? null;
  }

  async #shown(row: Row): Promise<Decision> {
    const { payloadType, payload, signatures } = envelopeOf(row);
    const { id, ask, state, bundle, rollout } = row;
    return {
      id,
      ask,
      state,
      statement: { payloadType, payload },
      signers: signatures.map(({ keyid }) => keyid),
      needed: this.#parts.trust().threshold.production,
      bundle:
        state === 'sealing' && bundle !== null
          ? { payloadType: BUNDLE_PAYLOAD_TYPE, payload: bundleOf(bundle).payload }
          : null,
      rollout,
    };
  }
}

function envelopeOf(row: Pick<Row, 'envelope'>): Envelope {
  return checkEnvelope(JSON.parse(row.envelope));
}

/** The bundle of a decision, as it is kept. */
function bundleOf(text: string): { readonly version: number; readonly payload: string } {
  return JSON.parse(text) as { version: number; payload: string };
}
