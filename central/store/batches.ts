import type { Alert } from '../../wire/index.ts';
import type { CentralErrorCode } from '../errors.ts';

/** Characters of a text that stands in an index of its own. */
const MAX_COLUMN_CHARACTERS = 255;
/** Printable ASCII, so that it can stand in any index and URL. */
const ALERT_ID = /^[!-~]{1,128}$/;

/** Alerts of one agent, in rising seq, and when they came. */
export interface Batch {
  readonly agent: string;
  readonly alerts: readonly Alert[];
  /** RFC 3339, UTC, milliseconds. */
  readonly received: string;
  /** Highest seq of the agent below which nothing is missing, once this is stored; its own highest where absent. */
  readonly settled?: number;
}

/** What one batch came to. */
export interface StoredBatch {
  readonly kind: 'stored';
  /** Highest seq that is committed for the agent, now. */
  readonly acked: number;
  /** The alerts that were not there before, in the order of their seq. */
  readonly fresh: readonly Alert[];
  readonly duplicates: number;
  /** Duplicates by (agent, seq) that are another alert than the one stored. */
  readonly conflicting: number;
}

/** A batch of which nothing was stored, while others of its group were. */
export interface RefusedBatch {
  readonly kind: 'refused';
  readonly code: CentralErrorCode;
  readonly message: string;
}

/** Columns of `alerts` in the order in which a row is handed over; the position is the database's. */
export const ALERT_COLUMNS = [
  'agent',
  'seq',
  'id',
  'time',
  'received',
  'host',
  'user',
  'name',
  'level',
  'server_id',
  'server_name',
  'client',
  'body',
] as const;
export type AlertCells = readonly (string | number | null)[];

/** A batch as it goes to a database, which may be in another thread. */
export interface PackedBatch {
  readonly agent: string;
  readonly received: string;
  readonly highest: number;
  readonly rows: readonly PackedAlert[];
}

export interface PackedAlert {
  readonly seq: number;
  readonly id: string;
  readonly cells: AlertCells;
  /** Bytes of the alert as JSON. */
  readonly bytes: number;
}

/** What a database says of a batch: `repeated` are the places of rows that were there already. */
export type SettledBatch =
  | RefusedBatch
  | {
      readonly kind: 'stored';
      readonly acked: number;
      readonly repeated: readonly number[];
      readonly conflicting: number;
    };

/** RFC 3339 in UTC with milliseconds, which sorts as text. */
const SORTABLE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** The alert's own time in the form that sorts; the time of receipt where the agent's cannot be read. */
function sortableTime(time: string, received: string): string {
  const parsed = new Date(time);
  if (SORTABLE_TIME.test(time) && !Number.isNaN(parsed.getTime())) return time;
  if (Number.isNaN(parsed.getTime())) return received;
  const text = parsed.toISOString();
  return text.length === received.length ? text : received;
}

/** Text as every database takes it: no NUL, no half of a surrogate pair, short enough for an index. */
function column(text: string): string {
  return text.slice(0, MAX_COLUMN_CHARACTERS).replaceAll('\0', '\ufffd').toWellFormed();
}

function packAlert(agent: string, alert: Alert, received: string): PackedAlert {
  const { seq, id, server } = alert;
  const body = JSON.stringify(alert);
  const cells = [
    ...[agent, seq, id, sortableTime(alert.time, received), received],
    ...[column(alert.host), column(alert.user), column(alert.rule.name), alert.rule.level],
    ...(server === null ? [null, null, null] : [server.id, server.name, server.client].map(column)),
    body,
  ];
  return { seq, id, cells, bytes: Buffer.byteLength(body) };
}

/** Whether an alert's id can be stored. */
export function isAlertId(id: string): boolean {
  return ALERT_ID.test(id);
}

/** The batch in the form of the database; a refusal where an alert's id cannot be one. */
function packBatch({ agent, alerts, received, settled }: Batch): PackedBatch | RefusedBatch {
  if (!alerts.every((alert) => isAlertId(alert.id))) {
    return {
      kind: 'refused',
      code: 'CENTRAL_ALERT_ID_INVALID',
      message: 'the id of an alert is not printable ASCII or too long',
    };
  }
  return {
    agent,
    received,
    highest: settled ?? alerts.reduce((highest, alert) => Math.max(highest, alert.seq), 0),
    rows: alerts.map((alert) => packAlert(agent, alert, received)),
  };
}

/** Batches in the form of the database. One that cannot be stored takes later ones of its agent with it. */
export function packBatches(batches: readonly Batch[]): readonly (PackedBatch | RefusedBatch)[] {
  const refused = new Map<string, RefusedBatch>();
  return batches.map((batch) => {
    const packed = refused.get(batch.agent) ?? packBatch(batch);
    if (isRefused(packed)) refused.set(batch.agent, packed);
    return packed;
  });
}

export function isRefused(batch: PackedBatch | RefusedBatch): batch is RefusedBatch {
  return 'kind' in batch;
}

export const ID_TAKEN: RefusedBatch = {
  kind: 'refused',
  code: 'CENTRAL_ALERT_ID_TAKEN',
  message: 'the id of an alert belongs to another alert',
};

export const AGENT_UNKNOWN: RefusedBatch = {
  kind: 'refused',
  code: 'CENTRAL_AGENT_UNKNOWN',
  message: 'the agent of a batch has not been registered',
};
