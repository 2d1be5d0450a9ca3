/** Limits of protocol version 1; both sides enforce them. */
export const PROTOCOL_VERSION = 1;
/** Bytes of one frame as sent, UTF-8. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Alerts in one batch. */
export const MAX_BATCH_ALERTS = 256;
/** Bytes of alerts that a sender puts into one batch, so that a frame stays well under its limit. */
export const TARGET_BATCH_BYTES = 512 * 1024;
/** Servers in one inventory frame. */
export const MAX_INVENTORY_SERVERS = 2_000;
/** Batches that may be sent before the first of them is acknowledged. */
export const MAX_BATCHES_IN_FLIGHT = 4;
/** Milliseconds between two heartbeats of an idle agent. */
export const HEARTBEAT_INTERVAL_MS = 10_000;
/** Collectors in one heartbeat. */
export const MAX_HEALTH_ENTRIES = 32;
/** Stages in one loss frame. */
export const MAX_LOSS_STAGES = 64;
/** Bytes of one bundle. */
export const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;
/** Milliseconds without a frame after which central takes an agent for silent. */
export const SILENCE_MS = 30_000;
