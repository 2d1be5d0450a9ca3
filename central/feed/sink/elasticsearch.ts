import { createHash } from 'node:crypto';
import * as z from 'zod';
import { CentralError } from '../../errors.ts';
import { toEcs } from '../format/ecs.ts';
import { readHeaderSecret } from '../secret-file.ts';
import type { SettingsOf } from '../settings.ts';
import type { Sink } from '../sink.ts';
import type { Encoded } from './encoded.ts';
import { type HttpAnswer, HttpClient } from './http-client.ts';
import { HttpSink, inShort, judgeStatus, MAX_REQUEST_ALERTS, parseBody, type Verdict } from './http-sink.ts';

/** Bytes of an `_id`. */
const MAX_ID_BYTES = 512;
/** The document is there already: it was sent before. */
const CONFLICT = 409;
/** Statuses of one document that waiting can cure. */
const UNWILLING = new Set([401, 403, 404, 429]);

const answerSchema = z.object({
  items: z.array(
    z.record(
      z.string(),
      z.object({
        status: z.number(),
        error: z.object({ type: z.string().default(''), reason: z.string().nullish() }).nullish(),
      }),
    ),
  ),
});

function documentId(alertId: string): string {
  return Buffer.byteLength(alertId) <= MAX_ID_BYTES && alertId !== ''
    ? alertId.toWellFormed()
    : createHash('sha256').update(alertId).digest('hex');
}

function judgeBulk(answer: HttpAnswer, items: readonly Encoded[]): Verdict {
  const whole = judgeStatus(answer);
  if (whole.kind !== 'taken') return whole;
  const results = parseBody(answer, answerSchema).items.map((item) => Object.values(item)[0]);
  if (results.length !== items.length) {
    throw new CentralError(
      'CENTRAL_FEED_ANSWER_INVALID',
      'the answer is not of as many documents as were sent',
    );
  }
  const refused = new Map<number, string>();
  for (const [index, result] of results.entries()) {
    const status = result?.status ?? 500;
    const reason = `${status} ${inShort(`${result?.error?.type ?? ''}: ${result?.error?.reason ?? ''}`)}`;
    if (status >= 500 || UNWILLING.has(status)) return { kind: 'sorted', done: index, refused, reason };
    if (status >= 400 && status !== CONFLICT) refused.set(index, reason);
  }
  return { kind: 'sorted', done: items.length, refused, reason: '' };
}

/** ECS documents by the bulk API; a document's id is its alert's, so that a repeat changes nothing. */
export function elasticsearchSink(settings: SettingsOf<'elasticsearch'>): Sink {
  const { authorization_file, index } = settings;
  return new HttpSink(new HttpClient(settings), {
    maxAlerts: MAX_REQUEST_ALERTS,
    encode: (record) => {
      const action = { create: { _id: documentId(record.alert.id) } };
      return `${JSON.stringify(action)}\n${JSON.stringify(toEcs(record))}\n`;
    },
    request: async (items) => ({
      path: `/${index}/_bulk`,
      headers: {
        'content-type': 'application/x-ndjson',
        ...(authorization_file === undefined
          ? {}
          : { authorization: await readHeaderSecret(authorization_file) }),
      },
      body: items.map(({ text }) => text).join(''),
    }),
    judge: judgeBulk,
  });
}
