import * as z from 'zod';
import { DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS } from '../limits.ts';

/** Where a page of alerts starts: at a position, and not before a time (milliseconds) if there is one. */
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

/** A text that something is filtered by, or that names something. */
export const filterText = z.string().min(1).max(255);
/** Rows of a page. */
export const pageRows = z.coerce
  .number()
  .int()
  .min(1)
  .max(MAX_PAGE_ROWS)
  .default(DEFAULT_PAGE_ROWS)
  .describe('Rows on the page at most.');
/** Where a page goes on. */
export const pageKey = z.string().min(1).max(2_000).optional().describe('The `next` of an earlier answer.');
/** Where the next page goes on. */
export const nextKey = z
  .string()
  .nullable()
  .describe('Pass it as `since` for what follows; null where nothing is on this page.');
/** No parameter at all. */
export const noQuery = z.strictObject({});
/** What was done, where there is nothing else to say. */
export const doneAnswer = z.object({ done: z.literal(true) });
