import { type GuardRecord, guardRecordSchema, type JournalName } from '../../wire/index.ts';

/** A line as a record of the guard whose file it stands in; null where it is none. */
export function readRecord(line: string, { pid }: JournalName): GuardRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const parsed = guardRecordSchema.safeParse(value);
  return parsed.success && parsed.data.guard === pid ? parsed.data : null;
}
