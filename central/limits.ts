/** Milliseconds of an hour and of a day. */
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Milliseconds that the holder of an identity may take to answer, when an older copy of it is shown. */
export const HOLDER_ANSWER_MS = 2_000;
/** Milliseconds that a peer may take to answer a close, before its socket is cut. */
export const CLOSE_TIMEOUT_MS = 2_000;
/** Bytes of answers that an agent may leave unread before its connection is cut. */
export const MAX_UNREAD_BYTES = 256 * 1024;
/** Alerts, servers or hosts on one page of the API. */
export const MAX_PAGE_ROWS = 1_000;
export const DEFAULT_PAGE_ROWS = 100;
/** Bytes of alert bodies on one page of the API; the first alert is always there. */
export const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Alerts, and bytes of their bodies, that the feed appends before it syncs and moves its cursor. */
export const FEED_CHUNK_ROWS = 256;
export const FEED_CHUNK_BYTES = 4 * 1024 * 1024;
/** Bytes at the end of the feed's file that are searched for findings written behind the cursor. */
export const FEED_TAIL_BYTES = 32 * 1024 * 1024;
/** Milliseconds between attempts of a failing feed: doubled from the first to the second. */
export const FEED_RETRY_MIN_MS = 250;
export const FEED_RETRY_MAX_MS = 30_000;
/** Milliseconds that a stop waits for the feed to write what is left; the rest follows at the next start. */
export const FEED_DRAIN_MS = 10_000;
/** Milliseconds between two looks of a feed for alerts that other nodes stored and nobody told of. */
export const FEED_LOOK_MS = 1_000;
