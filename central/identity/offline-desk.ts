import { AuditLog } from '../audit/audit-log.ts';
import type { CentralLog } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { openStore } from '../store/store.ts';
import { Identity, type IdentityDesk } from './identity.ts';
import type { IdentitySettings } from './settings.ts';

/**
 * Uses the identities of a central that does not run.
 * @throws {CentralError} CENTRAL_DATABASE_LOCKED where it does; CENTRAL_DATABASE_…, CENTRAL_AUTHORITY_UNUSABLE
 */
export async function withIdentityDesk<T>(
  databasePath: string,
  settings: IdentitySettings,
  log: CentralLog,
  use: (desk: IdentityDesk) => Promise<T>,
): Promise<T> {
  const store = await openStore(databasePath);
  try {
    const audit = new AuditLog(store.db, Date.now);
    const metrics = new Metrics();
    const onCloned = () => undefined;
    const identity = await Identity.open({ settings, store, audit, metrics, log, clock: Date.now, onCloned });
    try {
      return await use(identity);
    } finally {
      await identity.close();
    }
  } finally {
    await store.close();
  }
}
