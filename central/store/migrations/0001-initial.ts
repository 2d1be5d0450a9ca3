import { type Kysely, sql } from 'kysely';
import { type Dialect, wholeNumber } from '../dialect.ts';

/** Agents, alerts, servers and the cursors of feeds. */
export async function initial(db: Kysely<never>, dialect: Dialect): Promise<void> {
  const whole = wholeNumber(dialect);
  await db.schema
    .createTable('agents')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('os', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('first_seen', 'text', (column) => column.notNull())
    .addColumn('last_seen', 'text', (column) => column.notNull())
    .addColumn('last_seq', whole, (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('alerts')
    .addColumn('position', dialect === 'sqlite' ? 'integer' : 'bigserial', (column) =>
      dialect === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey(),
    )
    .addColumn('agent', 'text', (column) => column.notNull().references('agents.id'))
    .addColumn('seq', whole, (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('received', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('user', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('server_id', 'text')
    .addColumn('server_name', 'text')
    .addColumn('client', 'text')
    .addColumn('body', 'text', (column) => column.notNull())
    .addUniqueConstraint('alerts_agent_seq', ['agent', 'seq'])
    .execute();
  for (const column of ['time', 'name', 'host'] as const) {
    await db.schema.createIndex(`alerts_${column}`).on('alerts').columns([column, 'position']).execute();
  }
  const servers = db.schema
    .createTable('servers')
    .addColumn('agent', 'text', (column) => column.notNull().references('agents.id'))
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('updated', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('servers_key', ['agent', 'id']);
  await (dialect === 'sqlite' ? servers.modifyEnd(sql`without rowid`) : servers).execute();
  await db.schema
    .createTable('feeds')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('position', whole, (column) => column.notNull())
    .execute();
}
