/** Directory under a state directory in which guards leave their records. */
export const JOURNAL_DIRECTORY = 'guard';
/** Bytes of one journal file; a guard begins the next one before that. */
export const MAX_JOURNAL_BYTES = 8 * 1024 * 1024;

/** The byte behind each record. */
export const RECORD_END = 0x0a;

const PATTERN = /^(?<began>\d{13,15})-(?<pid>[1-9]\d{0,9})-(?<nonce>[0-9a-f]{8})-(?<part>\d{6})\.ndjson$/;

/** What the name of a journal file says: which guard wrote it, and which of its files it is. */
export interface JournalName {
  /** When the guard began, in milliseconds since the epoch. */
  readonly began: number;
  readonly pid: number;
  /** 8 hexadecimal digits, so that no two guards ever share a name. */
  readonly nonce: string;
  /** Counted from 0. */
  readonly part: number;
}

/** Names sort as their guards began, and by part. */
export function journalFile({ began, pid, nonce, part }: JournalName): string {
  return `${began}-${pid}-${nonce}-${String(part).padStart(6, '0')}.ndjson`;
}

/** Null where it is no name of a journal file. */
export function parseJournalFile(file: string): JournalName | null {
  const { began, pid, nonce, part } = PATTERN.exec(file)?.groups ?? {};
  if (began === undefined || pid === undefined || nonce === undefined || part === undefined) return null;
  return { began: Number(began), pid: Number(pid), nonce, part: Number(part) };
}
