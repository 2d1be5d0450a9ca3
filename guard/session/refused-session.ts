import type { Readable, Writable } from 'node:stream';
import type { Refusal } from '../authority/ruling.ts';
import { LineReader } from '../frames/line-reader.ts';
import { readMessage } from './message.ts';
import { refusalAnswer } from './refusal-answer.ts';

/** Milliseconds that a client whose server does not start has to ask for it. */
const ASK_MS = 5_000;
/** Milliseconds that it then has to leave by itself: one that finds its server gone may tell the person only that. */
const LEAVE_MS = 3_000;
/** Bytes of its first messages that are read. */
const MAX_READ_BYTES = 1024 * 1024;

/**
 * Tells a client why its server was not started: clients show an answer to `initialize` to the person, and what is on
 * stderr seldom. Resolves once it has gone, or has not asked
 * or not left in time.
 */
export async function refuseSession(input: Readable, output: Writable, refusal: Refusal): Promise<void> {
  const reader = new LineReader(MAX_READ_BYTES);
  let left = MAX_READ_BYTES;
  output.on('error', () => {});
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, ASK_MS);
    const answered = () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, LEAVE_MS);
    };
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    input.on('end', done).on('error', done);
    input.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      for (const part of reader.push(chunk)) {
        const read = part.kind === 'line' ? readMessage(part.bytes) : null;
        if (read?.kind !== 'message' || read.message.kind !== 'request') continue;
        output.write(refusalAnswer(read.message.id, refusal), answered);
      }
      if (left < 0) done();
    });
  });
  input.pause();
}
