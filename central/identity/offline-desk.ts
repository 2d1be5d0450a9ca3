import { AuditLog } from '../audit/audit-log.ts';
import type { CentralLog } from '../log.ts';
import { Metrics } from '../metrics.ts';
import type { DatabasePlace } from '../store/place.ts';
import { openStore } from '../store/store.ts';
import { Identity, type IdentityDesk } from './identity.ts';
import type { IdentitySettings } from './settings.ts';

/**
 * Uses the identities of a central, whether or not it runs.
 * @throws {CentralError} CENTRAL_DATABASE_…, CENTRAL_AUTHORITY_UNUSABLE
 */
export async function withIdentityDesk<T>(
  place: DatabasePlace,
  settings: IdentitySettings,
  log: CentralLog,
  use: (desk: IdentityDesk) => Promise<T>,
): Promise<T> {
  const store = await openStore(place, 'command');
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
