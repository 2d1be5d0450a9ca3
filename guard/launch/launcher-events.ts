import type { Readable } from 'node:stream';
import * as z from 'zod';

const Pid = z.number().int().positive();
const Event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started'), pid: Pid }),
  z.object({ event: z.literal('exec'), pid: Pid, path: z.string() }),
  z.object({
    event: z.literal('refused'),
    pid: Pid,
    path: z.string(),
    code: z.enum(['changed', 'unlisted', 'link', 'program', 'opaque']),
    reason: z.string(),
  }),
  z.object({
    event: z.literal('exited'),
    code: z.number().int().optional(),
    signal: z.number().int().optional(),
  }),
  z.object({ event: z.literal('ended') }),
  z.object({ event: z.literal('not_run'), errno: z.number().int(), text: z.string() }),
  z.object({ event: z.literal('error'), reason: z.string(), errno: z.number().int(), text: z.string() }),
]);
/** What the launcher tells (launcher/events.h). */
export type LauncherEvent = z.infer<typeof Event>;

/** A path of 4,095 bytes, each escaped, and what is around it. */
const MAX_LINE_BYTES = 32 * 1024;

/** Calls `take` with each event of a stream. @throws where something else comes, which nothing can follow */
export async function readLauncherEvents(
  stream: Readable,
  take: (event: LauncherEvent) => void,
): Promise<void> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(Event.parse(JSON.parse(line)));
    if (rest.length > MAX_LINE_BYTES) throw new Error('the launcher sent a line without an end');
  }
}
