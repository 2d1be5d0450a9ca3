import type { Kysely } from 'kysely';
import { type Dialect, wholeNumber } from '../dialect.ts';

/** Identities, triage, audit log, bundles and what feeds could not carry. */
export async function fleet(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await extendAgents(db, dialect);
  await createEnrolment(db, dialect);
  await createTriage(db, dialect);
  await createAccess(db, dialect);
  await createBundles(db, dialect);
  await createApprovals(db, dialect);
  await db.schema
    .createTable('dead_letters')
    .addColumn('feed', 'text', (column) => column.notNull())
    .addColumn('position', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('alert', 'text', (column) => column.notNull())
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('dead_letters_key', ['feed', 'position'])
    .execute();
  await db.schema
    .createTable('facts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}

async function extendAgents(db: Kysely<never>, dialect: Dialect): Promise<void> {
  const add = (name: string, type: 'text' | 'integer' | 'bigint', initial?: string | number) =>
    db.schema
      .alterTable('agents')
      .addColumn(name, type, (column) =>
        initial === undefined ? column : column.notNull().defaultTo(initial),
      )
      .execute();
  await add('grp', 'text', '');
  await add('machine', 'text');
  await add('generation', 'text');
  await add('generation_before', 'text');
  await add('key', 'text');
  await add('token', 'text');
  await add('revoked', 'text');
  await add('cloned', 'text');
  await add('waiting', wholeNumber(dialect), 0);
  await add('health', 'text', '[]');
  await add('lost', 'text', '{}');
  await add('lost_before', 'text', '{}');
  await add('lost_since', 'text');
  await add('inventory', 'text', '');
  for (const name of ['name', 'client', 'state', 'digest', 'first_seen'] as const) {
    await db.schema
      .alterTable('servers')
      .addColumn(name, 'text', (column) => column.notNull().defaultTo(''))
      .execute();
  }
  await db.schema.createIndex('agents_revoked').on('agents').column('revoked').execute();
  await db.schema.createIndex('servers_digest').on('servers').column('digest').execute();
  await db.schema.createIndex('servers_state').on('servers').column('state').execute();
}

async function createEnrolment(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('enrolment_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('secret_hash', 'text', (column) => column.notNull())
    .addColumn('grp', 'text', (column) => column.notNull())
    .addColumn('uses_left', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('created', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires', 'text', (column) => column.notNull())
    .addColumn('revoked', 'text')
    .execute();
  await db.schema
    .createTable('certificates')
    .addColumn('serial', 'text', (column) => column.primaryKey().notNull())
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('issued', 'text', (column) => column.notNull())
    .addColumn('expires', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('certificates_agent').on('certificates').column('agent').execute();
}

async function createTriage(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('triage')
    .addColumn('alert', 'text', (column) => column.primaryKey().notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('resolution', 'text')
    .addColumn('assignee', 'text')
    .addColumn('changed', 'text', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('triage_status').on('triage').column('status').execute();
  await db.schema
    .createTable('notes')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('alert', 'text', (column) => column.notNull())
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('author', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('notes_alert').on('notes').columns(['alert', 'time']).execute();
  await db.schema
    .createTable('audit')
    .addColumn('number', wholeNumber(dialect), (column) => column.primaryKey().notNull())
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addColumn('previous', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
}

async function createAccess(db: Kysely<never>, _dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('secret_hash', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires', 'text', (column) => column.notNull())
    .addColumn('revoked', 'text')
    .execute();
  await db.schema
    .createTable('logins')
    .addColumn('secret_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created', 'text', (column) => column.notNull())
    .addColumn('expires', 'text', (column) => column.notNull())
    .execute();
}

async function createApprovals(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('asks')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('first_seen', 'text', (column) => column.notNull())
    .addColumn('rejected_by', 'text')
    .addColumn('reason', 'text')
    .execute();
  await db.schema
    .createTable('decisions')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('ask', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('envelope', 'text', (column) => column.notNull())
    .addColumn('bundle', 'text')
    .addColumn('canary_percent', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('rollout', 'text')
    .addColumn('created', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .execute();
}

async function createBundles(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await db.schema
    .createTable('bundles')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('version', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull().unique())
    .addColumn('bytes', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('created', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('bundles_key', ['kind', 'version'])
    .execute();
  await db.schema
    .createTable('rollouts')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('version', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('groups', 'text', (column) => column.notNull())
    .addColumn('canary_percent', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('started', 'text', (column) => column.notNull())
    .addColumn('changed', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('baseline', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('bundle_states')
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('version', wholeNumber(dialect), (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('changed', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('bundle_states_key', ['agent', 'kind'])
    .execute();
}
