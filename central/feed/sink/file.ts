import { FEED_TAIL_BYTES } from '../../limits.ts';
import type { CentralLog } from '../../log.ts';
import { toDetectionFinding } from '../format/ocsf.ts';
import type { FeedRecord } from '../record.ts';
import type { Delivery, Sink } from '../sink.ts';
import { encodeAll } from './encoded.ts';
import { appendSynced, tailLines, withLineFile } from './line-file.ts';

/** No string within JSON holds a bare quote and no event field is an object, so this finds only the key. */
const UID = /"finding_info":\{"uid":("(?:[^"\\]|\\.)*")/;

/** Uid of a finding that this feed wrote; the end of a large file is searched without parsing it. */
function uidOf(line: string): string | null {
  const quoted = UID.exec(line)?.[1];
  return quoted === undefined ? null : JSON.parse(quoted);
}

/**
 * Appends alerts to a file as OCSF findings, one JSON object a line. The file is synced before they count as
 * delivered. What was appended but not yet covered by the cursor when central died is found at the end of the
 * file and not written again.
 */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #log: CentralLog;
  /** Uids at the end of the file that the cursor may not cover; null: the file must be read first. */
  #written: Set<string> | null = null;

  constructor(path: string, log: CentralLog) {
    this.#path = path;
    this.#log = log;
  }

  async deliver(records: readonly FeedRecord[]): Promise<Delivery> {
    const written = await this.#recover();
    const first = records.findIndex((record) => !written.has(record.alert.id));
    const missing = first < 0 ? [] : records.slice(first);
    // The file is in the order of positions: behind the first alert that is missing, all are.
    if (missing.length > 0) written.clear();
    const { encoded, rejected } = encodeAll(missing, ({ alert, context }) =>
      JSON.stringify(toDetectionFinding(alert, context)),
    );
    if (encoded.length > 0) {
      await withLineFile(this.#path, async (file, repaired) => {
        this.#noteRepair(repaired);
        await appendSynced(file, `${encoded.map(({ text }) => text).join('\n')}\n`);
      });
    }
    const sent = records.at(-1)?.position ?? 0;
    return { sent, confirmed: sent, rejected };
  }

  async #recover(): Promise<Set<string>> {
    if (this.#written !== null) return this.#written;
    const lines = await withLineFile(this.#path, async (file, repaired) => {
      this.#noteRepair(repaired);
      return await tailLines(file, FEED_TAIL_BYTES);
    });
    this.#written = new Set(lines.map(uidOf).filter((uid) => uid !== null));
    return this.#written;
  }

  #noteRepair(bytes: number): void {
    if (bytes > 0) this.#log.warn('a torn last line of the feed was cut off', { path: this.#path, bytes });
  }

  reset(): void {
    this.#written = null;
  }

  async close(): Promise<void> {
    this.reset();
  }
}
