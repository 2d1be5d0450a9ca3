import * as z from 'zod';
import { toExportRequest, toLogRecord } from '../format/otlp.ts';
import { readHeaderSecret } from '../secret-file.ts';
import type { SettingsOf } from '../settings.ts';
import type { Sink } from '../sink.ts';
import { type HttpAnswer, HttpClient } from './http-client.ts';
import { HttpSink, inShort, judgeStatus, MAX_REQUEST_ALERTS, parseBody, type Verdict } from './http-sink.ts';

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
  return { kind: 'refused', reason: `rejected: ${inShort(rejected.errorMessage)}` };
}

/** Log records by OTLP/HTTP with JSON (OTLP specification 1.5, "OTLP/HTTP Request"). */
export function otlpSink(settings: SettingsOf<'otlp'>): Sink {
  const { authorization_file } = settings;
  return new HttpSink(new HttpClient(settings), {
    maxAlerts: MAX_REQUEST_ALERTS,
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
