import * as z from 'zod';
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS } from '../limits.ts';

/** Where a page of alerts starts: behind a position, and not before a time (milliseconds) if there is one. */
export interface AlertCursor {
  readonly position: number;
  readonly notBefore: number | null;
}

const CURSOR = /^c(\d{1,15})(?:\.(\d{1,15}))?$/;
/** RFC 3339 §5.6; a space stands for the `+` that a URL turned into one. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+ -]\d{2}:\d{2})$/i;

/** The cursor as clients see it; they must not look inside. */
export function encodeCursor({ position, notBefore }: AlertCursor): string {
  return notBefore === null ? `c${position}` : `c${position}.${notBefore}`;
}

/** Reads a cursor or an RFC 3339 time; null where it is neither. */
export function decodeSince(text: string): AlertCursor | null {
  const cursor = CURSOR.exec(text);
  if (cursor !== null) {
    return { position: Number(cursor[1]), notBefore: cursor[2] === undefined ? null : Number(cursor[2]) };
  }
  const time = RFC_3339.test(text) ? Date.parse(text.replace(' ', '+')) : Number.NaN;
  return Number.isNaN(time) || time < 0 ? null : { position: 0, notBefore: time };
}

const filterText = z.string().min(1).max(255);
const rows = z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).default(DEFAULT_PAGE_ROWS);
const after = z.string().min(1).max(2_000);

/** Query parameters of each route; a parameter that is not listed is refused. */
export const QUERIES = {
  alerts: z.strictObject({
    since: z
      .string()
      .max(64)
      .refine((text) => decodeSince(text) !== null, 'is neither an RFC 3339 time nor a cursor')
      .describe(
        'An RFC 3339 time (alerts whose own time is this or later) or the `next` of an earlier answer.',
      )
      .optional(),
    name: filterText.describe('Name of the rule, exact.').optional(),
    host: filterText.describe('Host of the alert, exact.').optional(),
    limit: rows.describe('Alerts on the page at most.'),
  }),
  servers: z.strictObject({
    since: after.describe('The `next` of an earlier answer.').optional(),
    host: filterText.describe('Host of the agent, exact.').optional(),
    limit: rows.describe('Servers on the page at most.'),
  }),
  hosts: z.strictObject({
    since: after.describe('The `next` of an earlier answer.').optional(),
    limit: rows.describe('Hosts on the page at most.'),
  }),
  none: z.strictObject({}),
} as const;
