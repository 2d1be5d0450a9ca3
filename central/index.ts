export { type AccessDesk, withAccessDesk } from './access/offline-desk.ts';
export { ROLES, type Role } from './access/role.ts';
export { type ApiSettings, apiSettingsSchema } from './access/settings.ts';
export type { AuditVerdict } from './audit/verification.ts';
export { type BundleSettings, bundleSettings } from './bundles/settings.ts';
export { type Central, type CentralOptions, openCentral } from './central.ts';
export { databaseOf, loadCentralConfig } from './config/config.ts';
export { type CentralConfig, centralConfigSchema, filesOf, identityOf } from './config/settings.ts';
export type { CheckState } from './doctor/check.ts';
export { examineCentral } from './doctor/doctor.ts';
export { CENTRAL_ERROR_CODES, CentralError, type CentralErrorCode } from './errors.ts';
export type { Json, JsonObject } from './feed/format/evidence.ts';
export { type FindingContext, OCSF_VERSION, toDetectionFinding } from './feed/format/ocsf.ts';
export { type FeedSettings, feedsSchema, fileFeed } from './feed/settings.ts';
export type { IdentityDesk } from './identity/identity.ts';
export { withIdentityDesk } from './identity/offline-desk.ts';
export { type IdentitySettings, identitySettings } from './identity/settings.ts';
export { AGENT_PATH, SUBPROTOCOL } from './ingest/gate.ts';
export type { CentralLog, LogFields } from './log.ts';
export { backUp, restore } from './store/backup.ts';
export type { BackupReport } from './store/backup-report.ts';
export { type DatabasePlace, describePlace, placeOf } from './store/place.ts';
export {
  type DatabaseSetting,
  databaseSetting,
  type RetentionSettings,
  retentionSettings,
} from './store/settings.ts';
export { openStore, type Store } from './store/store.ts';
