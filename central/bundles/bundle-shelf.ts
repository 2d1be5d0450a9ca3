import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { claimedKind, loadTrust, openFleetBundle, type Trust } from '../../approval/index.ts';
import type { BundleKind } from '../../wire/index.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { CentralError } from '../errors.ts';
import type { Schema } from '../store/schema.ts';

/** What is told of a bundle; its text is fetched by digest. */
export interface BundleRecord {
  readonly kind: BundleKind;
  readonly version: number;
  /** Of the text, lower-case hex. */
  readonly sha256: string;
  readonly created: string;
  readonly created_by: string;
}

const SHOWN = ['kind', 'version', 'sha256', 'created', 'created_by'] as const;

/** Trust roots of central: those of its own directory, by the stricter threshold. @throws {ApprovalError} */
export function centralTrust(directory: string | undefined): Trust {
  if (directory === undefined)
    throw new CentralError(
      'CENTRAL_TRUST_MISSING',
      'central has no trust roots to check bundles and approvals by',
      {
        hint: 'set bundles.trust_dir to the directory of trust roots that the hosts have',
      },
    );
  return loadTrust({ stateDir: directory, systemDirectory: directory, profile: 'production' });
}

/** The bundles that central holds. What its own trust roots do not sign never gets in. */
export class BundleShelf {
  readonly #db: Kysely<Schema>;
  readonly #audit: AuditLog;
  readonly #clock: () => number;
  readonly #trust: () => Trust;

  constructor(parts: {
    readonly db: Kysely<Schema>;
    readonly audit: AuditLog;
    readonly clock: () => number;
    /** Read anew for each bundle. @throws {CodedError} */
    readonly trust: () => Trust;
  }) {
    this.#db = parts.db;
    this.#audit = parts.audit;
    this.#clock = parts.clock;
    this.#trust = parts.trust;
  }

  /**
   * Takes a bundle in. It is offered to nobody before a rollout of it begins.
   * @throws {ApprovalError} where its signatures or its content do not hold
   * @throws {CentralError} CENTRAL_BUNDLE_VERSION_TAKEN where its version does not rise, CENTRAL_TRUST_MISSING
   */
  async add(text: string, actor: string): Promise<BundleRecord> {
    const kind = claimedKind(text);
    const { version, expires } = await openFleetBundle(kind, text, this.#trust(), 'production');
    if (expires !== undefined && Date.parse(expires) <= this.#clock())
      throw new CentralError('CENTRAL_BUNDLE_EXPIRED', `the bundle was to be taken before ${expires}`);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const created = new Date(this.#clock()).toISOString();
    const record = { kind, version, sha256, created, created_by: actor };
    const subject = `${kind}:${version}`;
    return await this.#audit.within(async (db) => {
      const newest = (await newestOf(db, kind))?.version ?? 0;
      if (version <= newest) throw taken(version, newest);
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('bundles')
        .values({ ...record, bytes: Buffer.byteLength(text), text })
        .onConflict((conflict) => conflict.columns(['kind', 'version']).doNothing())
        .executeTakeFirst();
      // Another node was faster.
      if (numInsertedOrUpdatedRows === 0n) throw taken(version, version);
      return { answer: record, deed: { actor, action: 'bundle.add', subject, detail: { sha256 } } };
    });
  }

  /** Newest version of a kind; 0 where there is none. */
  async newestVersion(kind: BundleKind): Promise<number> {
    const row = await newestOf(this.#db, kind);
    return row?.version ?? 0;
  }

  /** Text of the newest bundle of a kind; null where there is none. */
  async newestText(kind: BundleKind): Promise<string | null> {
    const row = await newestOf(this.#db, kind);
    return row?.text ?? null;
  }

  async list(): Promise<readonly BundleRecord[]> {
    return await this.#db
      .selectFrom('bundles')
      .select(SHOWN)
      .orderBy('kind')
      .orderBy('version', 'desc')
      .execute();
  }

  /** One of a kind and version; null where there is none. */
  async find(kind: BundleKind, version: number): Promise<(BundleRecord & { readonly text: string }) | null> {
    const row = await this.#db
      .selectFrom('bundles')
      .select([...SHOWN, 'text'])
      .where('kind', '=', kind)
      .where('version', '=', version)
      .executeTakeFirst();
    return row ?? null;
  }

  /** Text by digest, for agents; null where there is none. */
  async textOf(sha256: string): Promise<string | null> {
    const row = await this.#db
      .selectFrom('bundles')
      .select('text')
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return row?.text ?? null;
  }
}

async function newestOf(
  db: Kysely<Schema>,
  kind: BundleKind,
): Promise<{ readonly version: number; readonly text: string } | undefined> {
  return await db
    .selectFrom('bundles')
    .select(['version', 'text'])
    .where('kind', '=', kind)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function taken(version: number, newest: number): CentralError {
  return new CentralError(
    'CENTRAL_BUNDLE_VERSION_TAKEN',
    `version ${version} does not rise above ${newest}`,
    { hint: 'sign it anew with a higher version' },
  );
}
