import { createHash, createHmac } from 'node:crypto';
import { CentralError } from '../../errors.ts';
import { toJson } from '../format/json.ts';
import { readHeaderSecret, readSecret } from '../secret-file.ts';
import type { SettingsOf } from '../settings.ts';
import type { Sink } from '../sink.ts';
import { HttpClient } from './http-client.ts';
import { HttpSink, judgeStatus } from './http-sink.ts';

/** Bytes that a signing secret has at least. */
const MIN_SECRET_BYTES = 16;

/** Signature of a request: HMAC-SHA256 over the timestamp, a dot and the body, as hex. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

async function signingSecret(path: string): Promise<string> {
  const secret = await readSecret(path);
  if (Buffer.byteLength(secret) >= MIN_SECRET_BYTES) return secret;
  throw new CentralError(
    'CENTRAL_FEED_SECRET_UNUSABLE',
    `the secret in ${path} is under ${MIN_SECRET_BYTES} bytes`,
    {
      hint: 'make one with: openssl rand -hex 32',
    },
  );
}

/**
 * Signed POSTs of JSON. `x-sealwatch-delivery` is the same for the same alerts, so that a receiver can tell a repeat.
 * `clock` gives milliseconds since the epoch.
 */
export function webhookSink(settings: SettingsOf<'webhook'>, clock: () => number): Sink {
  const { name, format, max_alerts, secret_file, authorization_file } = settings;
  return new HttpSink(new HttpClient(settings), {
    maxAlerts: max_alerts,
    encode: (record) => JSON.stringify(toJson(record, format)),
    request: async (items) => {
      const secret = await signingSecret(secret_file);
      const body = `{"feed":${JSON.stringify(name)},"alerts":[${items.map(({ text }) => text).join(',')}]}`;
      const timestamp = String(Math.floor(clock() / 1_000));
      const ids = items.map(({ record }) => record.alert.id);
      return {
        path: '',
        headers: {
          'content-type': 'application/json',
          'x-sealwatch-timestamp': timestamp,
          'x-sealwatch-signature': `v1=${signatureOf(secret, timestamp, body)}`,
          'x-sealwatch-delivery': createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 32),
          ...(authorization_file === undefined
            ? {}
            : { authorization: await readHeaderSecret(authorization_file) }),
        },
        body,
      };
    },
    judge: judgeStatus,
  });
}
