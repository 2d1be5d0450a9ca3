import { GuardError } from '../errors.ts';
import { type EventReader, EventTooLong, type ServerEvent } from './event-reader.ts';
import type { HeldBytes } from './held-bytes.ts';

export type Body = Response['body'];

export interface BodyLimits {
  readonly messageBytes: number;
  readonly held: HeldBytes;
}

/**
 * Reads a body to its end and uses it; until then it counts as held.
 * @throws {GuardError} `GUARD_REMOTE_LIMIT`; what the connection throws where it breaks
 */
export async function useBody(
  body: Body,
  { messageBytes, held }: BodyLimits,
  use: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.byteLength;
      held.change(size - chunk.byteLength, size);
      if (size > messageBytes) throw tooLong(messageBytes);
      pieces.push(bufferOf(chunk));
    }
    await use(Buffer.concat(pieces, size));
  } finally {
    held.change(size, 0);
  }
}

/**
 * The events of a stream, one after the other: nothing more is read until the last one was dealt with, so that a server
 * that sends too fast is held back.
 * @throws {GuardError} `GUARD_REMOTE_LIMIT`; what the connection throws where it breaks
 */
export async function* readEvents(
  body: Body,
  reader: EventReader,
  { messageBytes, held }: BodyLimits,
): AsyncGenerator<ServerEvent> {
  let counted = 0;
  const count = (bytes: number) => {
    const before = counted;
    counted = bytes;
    held.change(before, bytes);
  };
  try {
    for await (const chunk of body ?? []) {
      const events = reader.push(bufferOf(chunk));
      count(events.reduce((sum, { data }) => sum + data.length, reader.held));
      yield* events;
      count(reader.held);
    }
  } catch (error) {
    throw error instanceof EventTooLong ? tooLong(messageBytes) : error;
  } finally {
    count(0);
  }
}

function tooLong(messageBytes: number): GuardError {
  return new GuardError('GUARD_REMOTE_LIMIT', `the server sent a message of over ${messageBytes} bytes`);
}

function bufferOf(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
