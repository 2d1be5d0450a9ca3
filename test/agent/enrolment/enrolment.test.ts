import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Enrolment, type EnrolmentStatus } from '../../../agent/enrolment/enrolment.ts';
import { enrolmentCode } from '../../../agent/enrolment/enrolment-code.ts';
import { readEnrolmentToken } from '../../../agent/enrolment/enrolment-token.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import { Spool } from '../../../agent/state/spool.ts';
import { IDENTITY_REFUSALS } from '../../../central/identity/refusal.ts';
import type { Central } from '../../../central/index.ts';
import { get, issueCredentials, startCentral, until, workDirectory } from '../../central/bench.ts';
import { clockedCentral, DAY_MS, HOUR_MS, tokenOf } from '../../central/identity/applicant.ts';
import { AGENT } from '../../central/samples.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Host {
  readonly enrolment: Enrolment;
  readonly meta: Meta;
  readonly status: EnrolmentStatus;
  readonly stateDir: string;
  token: string | null;
  now: number;
  readyTimes: number;
  /** Times that it looked for a token. */
  looks: number;
}

interface Place {
  readonly stateDir?: string;
  readonly now?: number;
  readonly url?: string;
}

/** The part of an agent that enrols, on real files. */
function hostOf(context: TestContext, central: Central, token: string | null, place: Place = {}): Host {
  const stateDir = place.stateDir ?? workDirectory(context);
  mkdirSync(stateDir, { recursive: true });
  const database = openDatabase(stateDir);
  const meta = new Meta(database);
  const spool = new Spool(database, meta);
  const enrolment = new Enrolment({
    stateDir,
    url: place.url ?? central.agentUrl,
    agent: () => ({ id: meta.agentId(), version: '1', host: 'h', os: 'o' }),
    token: async () => {
      host.looks += 1;
      return host.token;
    },
    generation: () => meta.generation(),
    takeNewId: () => spool.takeNewId(),
    onReady: () => {
      host.readyTimes += 1;
    },
    log: quiet,
    env: {},
    clock: () => host.now,
    tokenLookMs: 10,
    wrongClockMs: 10,
  });
  const host: Host = {
    enrolment,
    meta,
    stateDir,
    token,
    now: place.now ?? Date.now(),
    readyTimes: 0,
    looks: 0,
    get status() {
      return enrolment.status;
    },
  };
  context.after(async () => {
    await enrolment.stop();
    database.close();
  });
  enrolment.start();
  return host;
}

const enrolled = (host: Host) => until(() => host.status.state === 'enrolled');
const refusedFor = (host: Host, why: string) => until(() => host.status.detail.startsWith(why));

function shown(host: Host): X509Certificate {
  return new X509Certificate(host.enrolment.credentials?.cert ?? '');
}

test('a host waits for its token, says so, and enrols when it comes', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const host = hostOf(context, central, null);
  await refusedFor(host, 'no enrolment token');
  assert.deepEqual([host.status.state, host.status.code], ['waiting', 'token-missing']);
  assert.equal(host.enrolment.credentials, null);
  host.token = (await tokenOf(central)).text;
  await enrolled(host);
  assert.equal(host.readyTimes, 1);
  assert.match(shown(host).subjectAltName ?? '', new RegExp(`/agent/${host.meta.agentId()}$`));
  assert.equal(host.status.key, 'file');
});

test('what was kept is enough for the next start, without a token', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const first = hostOf(context, central, (await tokenOf(central)).text);
  await enrolled(first);
  await first.enrolment.stop();
  const again = hostOf(context, central, null, { stateDir: first.stateDir });
  await enrolled(again);
  assert.equal(shown(again).serialNumber, shown(first).serialNumber);
});

test('a token that is refused is said, and not tried again until it is another', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const used = await tokenOf(central);
  await enrolled(hostOf(context, central, used.text));
  const host = hostOf(context, central, 'nonsense');
  await refusedFor(host, 'token-malformed');
  assert.equal(host.status.code, 'token-malformed');
  host.token = used.text;
  await refusedFor(host, 'token-used-up');
  assert.deepEqual([host.status.state, host.status.code], ['refused', 'token-used-up']);
  const { looks } = host;
  await until(() => host.looks > looks + 5);
  const { body } = await get(central, '/metrics');
  assert.match(body, /credentials_refused_total\{code="token-used-up"\} 1$/m);
  host.token = (await tokenOf(central)).text;
  await enrolled(host);
});

test('a central that is not the pinned one is given no secret', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const other = await startCentral(context, workDirectory(context));
  const [secret] = (await tokenOf(central)).text.split('.');
  const [, pin] = (await tokenOf(other)).text.split('.');
  const host = hostOf(context, central, `${secret}.${pin}`);
  await refusedFor(host, 'AGENT_CENTRAL_NOT_PINNED');
  assert.equal((await central.identity.listTokens())[0]?.uses_left, 1);
  assert.deepEqual(await central.identity.listAgents('', 1), []);
});

test('who shows the pinned authority without having its key is given no secret', async (context) => {
  const directory = workDirectory(context);
  const central = await startCentral(context, directory);
  const [theirs] = (await issueCredentials(`${directory}/other/authority`, [AGENT])).values();
  const [ours] = (await issueCredentials(`${directory}/authority`, [AGENT])).values();
  const bodies: string[] = [];
  const liar = createServer({ key: theirs?.key, cert: theirs?.cert }, (request, response) => {
    request.on('data', (chunk) => bodies.push(String(chunk)));
    response.end(ours?.ca);
  });
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
  context.after(() => liar.close());
  const url = `wss://127.0.0.1:${(liar.address() as AddressInfo).port}`;
  const host = hostOf(context, central, (await tokenOf(central)).text, { url });
  await refusedFor(host, 'cannot enrol');
  assert.deepEqual(bodies, []);
});

test('the certificate is renewed about the half of its life, with the same key', async (context) => {
  const clocked = await clockedCentral(context);
  const host = hostOf(context, clocked.central, (await tokenOf(clocked.central)).text);
  await enrolled(host);
  const before = shown(host);
  host.now += 10 * HOUR_MS;
  clocked.now += 10 * HOUR_MS;
  host.enrolment.refused('nothing of the kind');
  assert.equal(shown(host).serialNumber, before.serialNumber);
  await host.enrolment.stop();
  const early = hostOf(context, clocked.central, null, { stateDir: host.stateDir, now: host.now });
  await enrolled(early);
  assert.equal(shown(early).serialNumber, before.serialNumber, 'not before');
  await early.enrolment.stop();
  clocked.now += 4 * HOUR_MS;
  const late = hostOf(context, clocked.central, null, { stateDir: host.stateDir, now: clocked.now });
  await until(() => late.enrolment.credentials !== null && shown(late).serialNumber !== before.serialNumber);
  assert.deepEqual(
    shown(late).publicKey.export({ format: 'jwk' }),
    before.publicKey.export({ format: 'jwk' }),
  );
});

test('after weeks offline a host renews itself; after months it says that it needs a token', async (context) => {
  const clocked = await clockedCentral(context);
  const first = hostOf(context, clocked.central, (await tokenOf(clocked.central)).text);
  await enrolled(first);
  await first.enrolment.stop();
  clocked.now += 60 * DAY_MS;
  const { stateDir } = first;
  const back = hostOf(context, clocked.central, null, { stateDir, now: clocked.now });
  await enrolled(back);
  await back.enrolment.stop();
  clocked.now += 120 * DAY_MS;
  const late = hostOf(context, clocked.central, null, { stateDir, now: clocked.now });
  await refusedFor(late, 'certificate-expired');
  assert.equal(late.status.state, 'refused');
  late.token = (await tokenOf(clocked.central)).text;
  await enrolled(late);
  assert.equal(late.meta.agentId(), first.meta.agentId(), 'the same key, so the same agent');
});

test('a host whose clock was ahead at its start goes on once the clock is right', async (context) => {
  const clocked = await clockedCentral(context);
  const first = hostOf(context, clocked.central, (await tokenOf(clocked.central)).text);
  await enrolled(first);
  await first.enrolment.stop();
  const { stateDir } = first;
  const before = first.status.expires;
  clocked.now += 60_000;
  const ahead = hostOf(context, clocked.central, null, { stateDir, now: clocked.now + 3 * DAY_MS });
  await until(() => ahead.status.expires !== null && ahead.status.expires !== before);
  assert.equal(ahead.status.state, 'waiting');
  assert.equal(ahead.enrolment.credentials, null);
  ahead.now = clocked.now;
  await enrolled(ahead);
  assert.equal(ahead.readyTimes, 1);
});

test('a cloned host takes a new id and a new key, and needs a token', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const host = hostOf(context, central, (await tokenOf(central)).text);
  await enrolled(host);
  const [before, key] = [host.meta.agentId(), shown(host).publicKey.export({ format: 'jwk' })];
  host.meta.keepGeneration('ab'.repeat(16));
  host.token = null;
  host.enrolment.refused('cloned');
  await refusedFor(host, 'cloned');
  assert.equal(host.enrolment.credentials, null);
  assert.notEqual(host.meta.agentId(), before);
  assert.equal(host.meta.generation(), null);
  host.token = (await tokenOf(central)).text;
  await enrolled(host);
  assert.notDeepEqual(shown(host).publicKey.export({ format: 'jwk' }), key);
  const kept = readdirSync(`${host.stateDir}/enrolment`);
  assert.ok(!kept.some((name) => name.startsWith(before)), 'nothing of the old identity stays');
});

test('a host whose key was lost goes on under a new id, by the same token', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const host = hostOf(context, central, (await tokenOf(central)).text);
  await enrolled(host);
  await host.enrolment.stop();
  const { rmSync } = await import('node:fs');
  rmSync(`${host.stateDir}/enrolment`, { recursive: true });
  const before = host.meta.agentId();
  const again = hostOf(context, central, (await tokenOf(central)).text, { stateDir: host.stateDir });
  await enrolled(again);
  assert.notEqual(again.meta.agentId(), before);
});

test('a revoked host says so, and comes back with a later token', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const host = hostOf(context, central, (await tokenOf(central, { count: 2 })).text);
  await enrolled(host);
  const id = host.meta.agentId();
  await central.identity.revokeAgent(id, 'user:test');
  host.enrolment.refused('revoked');
  await refusedFor(host, 'revoked');
  assert.equal(host.enrolment.credentials, null);
  host.token = (await tokenOf(central)).text;
  await enrolled(host);
  assert.equal(host.meta.agentId(), id);
});

test('a token is its secret and the pin of the authority, and nothing else', () => {
  const secret = `swenrol_${'0'.repeat(16)}_${'a'.repeat(43)}`;
  const pin = 'b'.repeat(43);
  assert.deepEqual(readEnrolmentToken(` ${secret}.${pin}\n`), { secret, pin });
  for (const text of [
    '',
    secret,
    `${secret}.`,
    `${secret}.${pin}x`,
    `${secret}.${pin}.${pin}`,
    `x ${secret}.${pin}`,
  ])
    assert.equal(readEnrolmentToken(text), null, text);
});

test('each word of central for a refusal has a code, and what is not known one too', () => {
  const known = Object.keys(IDENTITY_REFUSALS).filter(
    (reason) => enrolmentCode(reason) !== 'enrolment-refused',
  );
  assert.deepEqual(known.sort(), [
    'certificate-expired',
    'certificate-invalid',
    'cloned',
    'no-certificate',
    'revoked',
    'token-expired',
    'token-invalid',
    'token-revoked',
    'token-used-up',
  ]);
  assert.equal(enrolmentCode('no-certificate'), 'certificate-refused');
  for (const strange of ['of-tomorrow', 'constructor'])
    assert.equal(enrolmentCode(strange), 'enrolment-refused');
});
