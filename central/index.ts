export { type Central, type CentralOptions, openCentral } from './central.ts';
export { CENTRAL_ERROR_CODES, CentralError, type CentralErrorCode } from './errors.ts';
export type { Json, JsonObject } from './feed/format/evidence.ts';
export { type FindingContext, OCSF_VERSION, toDetectionFinding } from './feed/format/ocsf.ts';
export { type FeedSettings, feedsSchema, fileFeed } from './feed/settings.ts';
export { AGENT_PATH, SUBPROTOCOL } from './ingest/gate.ts';
export type { CentralLog, LogFields } from './log.ts';
