import { describeError } from '../../log.ts';
import type { FeedRecord } from '../record.ts';
import type { Rejection } from '../sink.ts';

/** A record in the receiver's format. */
export interface Encoded {
  readonly record: FeedRecord;
  readonly text: string;
}

export interface EncodedRecords {
  readonly encoded: readonly Encoded[];
  /** Those that the format cannot hold. */
  readonly rejected: readonly Rejection[];
}

/** Puts records into a format; one that this throws for stops no other. */
export function encodeAll(
  records: readonly FeedRecord[],
  format: (record: FeedRecord) => string,
): EncodedRecords {
  const encoded: Encoded[] = [];
  const rejected: Rejection[] = [];
  for (const record of records) {
    try {
      encoded.push({ record, text: format(record) });
    } catch (error) {
      rejected.push({ record, reason: `cannot be formatted: ${describeError(error)}` });
    }
  }
  return { encoded, rejected };
}

/** In chunks of at most so many records and, where a chunk has several, bytes. */
export function chunked(
  encoded: readonly Encoded[],
  records: number,
  bytes: number,
): readonly (readonly Encoded[])[] {
  const chunks: Encoded[][] = [];
  let chunk: Encoded[] = [];
  let size = 0;
  for (const item of encoded) {
    const length = Buffer.byteLength(item.text);
    if (chunk.length > 0 && (chunk.length >= records || size + length > bytes)) {
      chunks.push(chunk);
      chunk = [];
      size = 0;
    }
    chunk.push(item);
    size += length;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
