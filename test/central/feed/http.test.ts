import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { certificates, FeedBench, ids, secretFile } from './bench.ts';
import { HttpReceiver, type Received, type Reply } from './receivers/http-receiver.ts';

const SECRET = 'a-secret-of-the-tests-0123456789';
const taken = (): Reply => ({ status: 200, body: {} });

interface Scene {
  readonly bench: FeedBench;
  readonly receiver: HttpReceiver;
  /** What every feed over HTTP needs. */
  readonly http: Record<string, unknown>;
}

async function scene(context: TestContext, reply: (request: Received) => Reply): Promise<Scene> {
  const bench = new FeedBench(context);
  const tls = certificates(bench.directory);
  const receiver = await HttpReceiver.start(context, tls, reply);
  const http = {
    url: receiver.url,
    tls: { ca_file: tls.ca, server_name: 'receiver.test' },
    timeout_seconds: 0.5,
  };
  return { bench, receiver, http };
}

function webhook({ bench, http }: Scene, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'hook',
    type: 'webhook',
    ...http,
    secret_file: secretFile(bench.directory, 'hook', SECRET),
    ...more,
  };
}

const alertIds = ({ body }: Received): string[] =>
  JSON.parse(body).alerts.map((alert: { id: string }) => alert.id);

test('a webhook is signed over time and body, and a repeat has the same delivery id', async (context) => {
  let answers = 0;
  const at = await scene(context, () => {
    answers += 1;
    return answers === 2 ? { status: 500 } : taken();
  });
  await at.bench.start(
    webhook(at, { max_alerts: 4, authorization_file: secretFile(at.bench.directory, 'auth', 'Bearer abc') }),
  );
  await at.bench.put(6);
  await at.bench.caughtUp('hook');
  const { requests } = at.receiver;
  assert.deepEqual(
    requests.map((request) => alertIds(request)),
    [ids(1, 4), ids(5, 6), ids(5, 6)],
  );
  for (const { headers, body } of requests) {
    const mac = createHmac('sha256', SECRET)
      .update(`${headers['x-sealwatch-timestamp']}.${body}`)
      .digest('hex');
    assert.equal(headers['x-sealwatch-signature'], `v1=${mac}`);
    assert.equal(headers.authorization, 'Bearer abc');
    assert.ok(Math.abs(Number(headers['x-sealwatch-timestamp']) - Date.now() / 1_000) < 600);
  }
  const deliveries = requests.map(({ headers }) => headers['x-sealwatch-delivery']);
  assert.equal(deliveries[1], deliveries[2]);
  assert.notEqual(deliveries[0], deliveries[1]);
});

test('a webhook answer that redirects is not followed', async (context) => {
  const elsewhere = await HttpReceiver.start(context, null, taken);
  const at = await scene(context, () => ({ status: 307, location: elsewhere.url }));
  await at.bench.start(webhook(at));
  await at.bench.put(1);
  await at.bench.until('hook', ({ lastError }) => /CENTRAL_FEED_REFUSED|HTTP 307/.test(lastError ?? ''));
  assert.equal(elsewhere.requests.length, 0);
  at.receiver.reply = taken;
  await at.bench.caughtUp('hook');
});

test('alerts that a webhook refuses for good are found among the others', async (context) => {
  const refused = new Set([ids(3, 3), ids(4, 4), ids(100, 100)].flat());
  const at = await scene(context, (request) =>
    alertIds(request).some((id) => refused.has(id))
      ? { status: 422, body: { error: 'no\u001b[2J' } }
      : taken(),
  );
  await at.bench.start(webhook(at));
  await at.bench.put(100);
  await at.bench.caughtUp('hook');
  const letters = await at.bench.feeds.deadLetters('hook', 0, 10);
  assert.deepEqual(new Set(letters.map(({ alert }) => alert)), refused);
  assert.ok(letters.every(({ reason }) => reason.startsWith('HTTP 422') && !reason.includes('\u001b')));
  const accepted = at.receiver.requests
    .filter((request) => alertIds(request).every((id) => !refused.has(id)))
    .flatMap(alertIds);
  assert.deepEqual(
    accepted,
    ids(1, 100).filter((id) => !refused.has(id)),
  );
});

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

function logRecordIds({ body }: Received): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: looked into freely
  const request: any = JSON.parse(body);
  return request.resourceLogs.flatMap(
    (resource: { scopeLogs: { logRecords: { attributes: Attribute[] }[] }[] }) =>
      resource.scopeLogs[0]?.logRecords.map(
        ({ attributes }) => attributes.find(({ key }) => key === 'log.record.uid')?.value.stringValue,
      ),
  );
}

test('OTLP carries each alert, waits while the receiver is unavailable, and isolates a record refused in part', async (context) => {
  const [poison = ''] = ids(9, 9);
  let busy = 2;
  const at = await scene(context, (request) => {
    busy -= 1;
    if (busy >= 0) return { status: 503 };
    const isPoisoned = logRecordIds(request).includes(poison);
    return isPoisoned
      ? { status: 200, body: { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too old' } } }
      : { status: 200, body: { partialSuccess: {} } };
  });
  await at.bench.start({ name: 'otel', type: 'otlp', ...at.http, url: `${at.receiver.url}/v1/logs` });
  await at.bench.put(20);
  await at.bench.caughtUp('otel');
  const letters = await at.bench.feeds.deadLetters('otel', 0, 10);
  assert.deepEqual(
    letters.map(({ alert, reason }) => [alert, reason]),
    [[poison, 'rejected: too old']],
  );
  assert.deepEqual(new Set(at.receiver.requests.flatMap(logRecordIds)), new Set(ids(1, 20)));
  assert.equal(at.receiver.requests[0]?.path, '/v1/logs');
});

/** The bulk API over one index, as far as `create` goes. */
function bulkIndex(): {
  readonly documents: Map<string, unknown>;
  reply: (request: Received) => Reply;
  room: number;
} {
  const documents = new Map<string, unknown>();
  const index = {
    documents,
    room: Number.POSITIVE_INFINITY,
    reply: ({ body, headers }: Received): Reply => {
      if (headers.authorization !== 'ApiKey abc')
        return { status: 401, body: { error: 'security_exception' } };
      const lines = body.trimEnd().split('\n');
      const items = [];
      for (let line = 0; line < lines.length; line += 2) {
        const { _id } = JSON.parse(lines[line] ?? '').create;
        const document = JSON.parse(lines[line + 1] ?? '');
        const status = documents.has(_id)
          ? 409
          : document.user?.name === 'mallory'
            ? 400
            : index.room > 0
              ? 201
              : 429;
        if (status === 201) {
          documents.set(_id, document);
          index.room -= 1;
        }
        const error = status < 300 ? {} : { error: { type: `error_${status}`, reason: 'so it is' } };
        items.push({ create: { _id, status, ...error } });
      }
      return { status: 200, body: { errors: true, items } };
    },
  };
  return index;
}

test('Elasticsearch gets each alert as one document, repeats change nothing, one of a bad mapping is set aside', async (context) => {
  const index = bulkIndex();
  const at = await scene(context, (request) => index.reply(request));
  const feed = {
    name: 'elastic',
    type: 'elasticsearch',
    ...at.http,
    index: 'sealwatch',
    authorization_file: secretFile(at.bench.directory, 'key', 'ApiKey abc'),
  };
  index.room = 10;
  await at.bench.start(feed);
  await at.bench.put(30, (seq) => (seq === 20 ? { user: 'mallory' } : {}));
  await at.bench.until('elastic', ({ lastError }) => /429/.test(lastError ?? ''));
  assert.equal(index.documents.size, 10);
  index.room = 1_000;
  await at.bench.caughtUp('elastic');
  assert.deepEqual(
    [...index.documents.keys()],
    ids(1, 30).filter((id) => id !== ids(20, 20)[0]),
  );
  const letters = await at.bench.feeds.deadLetters('elastic', 0, 10);
  assert.deepEqual(
    letters.map(({ reason }) => reason),
    ['400 error_400: so it is'],
  );
  assert.equal(at.receiver.requests[0]?.path, '/sealwatch/_bulk');

  await at.bench.stop();
  await at.bench.start({ ...feed, name: 'elastic-again' });
  await at.bench.caughtUp('elastic-again');
  assert.equal((await at.bench.status('elastic-again')).deadLetters, 1);
  assert.equal(index.documents.size, 29);
});
