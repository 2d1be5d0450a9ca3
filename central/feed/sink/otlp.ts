import * as z from 'zod';
import { toExportRequest, toLogRecord } from '../format/otlp.ts';
import { visible } from '../format/text.ts';
import { readHeaderSecret } from '../secret-file.ts';
import type { SettingsOf } from '../settings.ts';
import type { Sink } from '../sink.ts';
import { type HttpAnswer, HttpClient } from './http-client.ts';
import { HttpSink, judgeStatus, parseBody, type Verdict } from './http-sink.ts';

const MAX_ALERTS = 256;
/** Characters of the receiver's reason that are kept. */
const MAX_REASON_CHARACTERS = 200;

const answerSchema = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: z.coerce.number().default(0),
      errorMessage: z.string().default(''),
    })
    .nullish(),
});

/** A part refused counts as refused, so that halving finds which; what was taken with it arrives twice. */
function judgeOtlp(answer: HttpAnswer): Verdict {
  const verdict = judgeStatus(answer);
  if (verdict.kind !== 'taken' || answer.body === '') return verdict;
  const rejected = parseBody(answer, answerSchema).partialSuccess;
  if (!rejected || rejected.rejectedLogRecords <= 0) return verdict;
  const reason = visible(rejected.errorMessage.slice(0, MAX_REASON_CHARACTERS));
  return { kind: 'refused', reason: `rejected: ${reason}` };
}

/** Log records by OTLP/HTTP with JSON (OTLP specification 1.5, "OTLP/HTTP Request"). */
export function otlpSink(settings: SettingsOf<'otlp'>): Sink {
  const { authorization_file } = settings;
  return new HttpSink(new HttpClient(settings), {
    maxAlerts: MAX_ALERTS,
    encode: toLogRecord,
    request: async (items) => ({
      path: '',
      headers: {
        'content-type': 'application/json',
        ...(authorization_file === undefined
          ? {}
          : { authorization: await readHeaderSecret(authorization_file) }),
      },
      body: toExportRequest(items),
    }),
    judge: judgeOtlp,
  });
}
