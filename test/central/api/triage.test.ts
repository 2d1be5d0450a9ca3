import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../../wire/index.ts';
import { connect, deliver, until } from '../bench.ts';
import { AGENT, fullAlert, plainAlert } from '../samples.ts';
import { call, closedCentral, tokenFor } from './callers.ts';

const ids = (body: { alerts: Alert[] }) => body.alerts.map(({ id }) => id);
const one = (seq: number) => `/api/v1/alerts/${AGENT}-${seq}`;

test('an alert is acknowledged, assigned, noted and closed, and each of it is audited once', async (context) => {
  const { central, directory } = await closedCentral(context);
  const { link } = await connect(context, central);
  await deliver(link, [fullAlert(1), fullAlert(2), plainAlert(3)]);
  const [token, admin] = [await tokenFor(directory, 'analyst'), await tokenFor(directory, 'admin')];
  const before = (await call(central, 'GET', one(1), { token })).body;
  assert.equal(before.alert.id, `${AGENT}-1`);
  assert.deepEqual(before.triage, {
    status: 'new',
    resolution: null,
    assignee: null,
    changed: null,
    changed_by: null,
  });
  assert.deepEqual(
    before.history.map((alert: Alert) => alert.id),
    [`${AGENT}-2`, `${AGENT}-1`],
  );
  const body = { status: 'acknowledged', assignee: 'alice', changed: null };
  const first = await call(central, 'PATCH', one(1), { token, body });
  assert.equal(first.status, 200);
  const { changed } = first.body.triage;
  assert.deepEqual(first.body.triage, {
    status: 'acknowledged',
    resolution: null,
    assignee: 'alice',
    changed,
    changed_by: 'token:analyst',
  });
  const note = await call(central, 'POST', `${one(1)}/notes`, { token, body: { text: 'looks benign' } });
  assert.equal(note.body.text, 'looks benign');
  const closing = { status: 'closed', resolution: 'benign', changed };
  assert.equal(
    (await call(central, 'PATCH', one(1), { token, body: closing })).body.triage.assignee,
    'alice',
  );
  const after = (await call(central, 'GET', one(1), { token })).body;
  assert.equal(after.triage.resolution, 'benign');
  assert.deepEqual(after.notes, [note.body]);
  const audit = (await call(central, 'GET', '/api/v1/audit?actor=token:analyst', { token: admin })).body
    .entries;
  assert.deepEqual(
    audit.map(({ action, subject }: { action: string; subject: string }) => `${action} ${subject}`),
    [`alert.triage ${AGENT}-1`, `alert.note ${AGENT}-1`, `alert.triage ${AGENT}-1`],
  );
});

test('of two people who saw the same state only the first changes it', async (context) => {
  const { central, directory } = await closedCentral(context);
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1)]);
  const token = await tokenFor(directory, 'analyst');
  const change = (assignee: string, changed: string | null) =>
    call(central, 'PATCH', one(1), { token, body: { assignee, changed } });
  const both = await Promise.all([change('alice', null), change('bob', null)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  const seen = (await call(central, 'GET', one(1), { token })).body.triage;
  assert.equal((await change('carol', seen.changed)).status, 200);
  assert.equal((await change('dave', seen.changed)).body.code, 'conflict');
  assert.equal((await call(central, 'GET', one(1), { token })).body.triage.assignee, 'carol');
});

test('an ETag that If-Match names stands for the state that was seen, and 412 says that it is another now', async (context) => {
  const { central, directory } = await closedCentral(context);
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1)]);
  const token = await tokenFor(directory, 'analyst');
  const change = (assignee: string, ifMatch: string, more: object = {}) =>
    call(central, 'PATCH', one(1), { token, ifMatch, body: { assignee, ...more } });
  const tag = async () => (await call(central, 'GET', one(1), { token })).headers.get('etag') ?? '';
  const untouched = await tag();
  const first = await change('alice', untouched);
  assert.deepEqual([first.status, first.body.triage.assignee], [200, 'alice']);
  assert.equal(first.headers.get('etag'), await tag());
  const late = await change('bob', untouched);
  assert.deepEqual([late.status, late.body.code], [412, 'precondition-failed']);
  assert.equal((await change('bob', '"never-given"')).status, 412);
  assert.equal((await change('carol', await tag())).body.triage.assignee, 'carol');
  for (const several of ['*', `W/${await tag()}`, `${untouched}, ${await tag()}`, 'bare', '""']) {
    assert.equal((await change('dave', several)).body.code, 'bad-if-match', several);
  }
  assert.equal((await change('dave', await tag(), { changed: null })).body.code, 'bad-body');
  const without = await call(central, 'PATCH', one(1), { token, body: { assignee: 'dave' } });
  assert.deepEqual([without.status, without.body.code], [400, 'bad-body']);
});

test('many alerts are changed at once, by id or by what they have in common', async (context) => {
  const { central, directory } = await closedCentral(context);
  const { link } = await connect(context, central);
  await deliver(link, [plainAlert(1), plainAlert(2, { host: 'other' }), plainAlert(3)]);
  const token = await tokenFor(directory, 'analyst');
  const bulk = (body: unknown) => call(central, 'POST', '/api/v1/alerts/bulk', { token, body });
  const named = await bulk({ ids: [`${AGENT}-1`, 'gone'], status: 'in_progress' });
  assert.deepEqual(named.body, { changed: [`${AGENT}-1`], unknown: ['gone'] });
  const common = {
    filter: { host: 'build-7', status: 'new' },
    status: 'closed',
    resolution: 'false_positive',
  };
  assert.deepEqual((await bulk(common)).body.changed, [`${AGENT}-3`]);
  const list = async (query: string) =>
    ids((await call(central, 'GET', `/api/v1/alerts?${query}`, { token })).body);
  assert.deepEqual(await list('status=new'), [`${AGENT}-2`]);
  assert.deepEqual(await list('status=closed'), [`${AGENT}-3`]);
  assert.equal((await bulk({ status: 'closed', resolution: 'benign' })).status, 400);
  assert.equal((await bulk({ ids: Array(501).fill('x'), assignee: null })).status, 400);
});

test('a filter that fits more than 500 alerts changes none', async (context) => {
  const { central, directory } = await closedCentral(context);
  const { link } = await connect(context, central);
  for (const start of [1, 201, 401]) {
    await deliver(
      link,
      Array.from({ length: start === 401 ? 101 : 200 }, (_, index) => plainAlert(start + index)),
    );
  }
  const token = await tokenFor(directory, 'analyst');
  const body = { filter: { host: 'build-7' }, status: 'acknowledged' };
  const answer = await call(central, 'POST', '/api/v1/alerts/bulk', { token, body });
  assert.deepEqual([answer.status, answer.body.code], [409, 'too-many']);
  const { body: page } = await call(central, 'GET', '/api/v1/alerts?status=acknowledged', { token });
  assert.equal(page.alerts.length, 0);
});

for (const [name, body] of [
  ['a status that there is not', { status: 'solved', changed: null }],
  ['closed without a resolution', { status: 'closed', changed: null }],
  ['a resolution without closed', { resolution: 'benign', changed: null }],
  ['nothing at all', { changed: null }],
  ['no state that was seen', { status: 'closed', resolution: 'benign' }],
  ['a field that there is not', { assignee: 'alice', changed: null, colour: 'red' }],
  ['an assignee without end', { assignee: 'a'.repeat(256), changed: null }],
] as const) {
  test(`a change with ${name} is refused`, async (context) => {
    const { central, directory } = await closedCentral(context);
    const { link } = await connect(context, central);
    await deliver(link, [plainAlert(1)]);
    const token = await tokenFor(directory, 'analyst');
    const answer = await call(central, 'PATCH', one(1), { token, body });
    assert.deepEqual([answer.status, answer.body.code], [400, 'bad-body']);
    assert.equal((await call(central, 'GET', one(1), { token })).body.triage.changed, null);
  });
}

test('alerts come newest first, by level, assignee, server and words', async (context) => {
  const { central, directory } = await closedCentral(context);
  const { link } = await connect(context, central);
  const low = { ...plainAlert(1).rule, level: 'low' as const };
  await deliver(link, [plainAlert(1, { rule: low }), fullAlert(2), plainAlert(3)]);
  const token = await tokenFor(directory, 'analyst');
  const list = async (query: string) =>
    (await call(central, 'GET', `/api/v1/alerts?${query}`, { token })).body;
  const seqs = (body: { alerts: Alert[] }) => body.alerts.map(({ seq }) => seq);
  const first = await list('order=newest&limit=2');
  assert.deepEqual(seqs(first), [3, 2]);
  assert.deepEqual(seqs(await list(`order=newest&since=${first.next}`)), [1]);
  assert.deepEqual(seqs(await list('level=high')), [2, 3]);
  assert.deepEqual(seqs(await list('server=files')), [2]);
  assert.deepEqual(seqs(await list('client=claude-code')), [2]);
  const body = { assignee: 'alice', changed: null };
  await call(central, 'PATCH', one(3), { token, body });
  const mine = await list('assignee=alice');
  assert.equal(mine.alerts[0].triage.assignee, 'alice');
  assert.deepEqual(seqs(await list('assignee=')), [1, 2]);
  assert.equal((await list('q=bash&order=oldest')).code, 'bad-query');
  assert.equal((await call(central, 'GET', '/api/v1/alerts/none', { token })).status, 404);
  await until(async () => (await list('q=bash')).alerts.length === 1);
  assert.deepEqual(seqs(await list('q=bash%20nowhere')), []);
});
