import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { AuditLog } from '../../../central/audit/audit-log.ts';
import { EnrolledAgents } from '../../../central/identity/enrolled-agents.ts';
import { RevocationWatch } from '../../../central/identity/revocation-watch.ts';
import { openStore } from '../../../central/store/store.ts';
import { keptLog, until, workDirectory } from '../bench.ts';
import { AGENT, OTHER_AGENT } from '../samples.ts';

test('a revocation by another process on the same database is told, and a failing database only once', async (context) => {
  const store = await openStore(join(workDirectory(context), 'central.db'));
  const agents = new EnrolledAgents(store.db, new AuditLog(store.db, Date.now), Date.now);
  const host = { version: '1', host: 'h', os: 'o' };
  for (const id of [AGENT, OTHER_AGENT])
    await agents.enrol(store.db, {
      agent: { id, ...host },
      group: '',
      token: 't',
      key: 'k',
      isTakenOver: false,
    });
  const told = new Set<string>();
  const log = keptLog();
  const watch = new RevocationWatch(agents, (agent) => told.add(agent), log, Date.now);
  context.after(() => watch.stop());
  await agents.revoke(AGENT, 'user:test');
  await until(() => told.size > 0);
  assert.deepEqual([...told], [AGENT]);
  await store.close();
  await until(() => log.lines.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal(log.lines.length, 1);
});
