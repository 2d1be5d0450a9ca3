import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { certificateRequest } from '../../../agent/enrolment/certificate-request.ts';
import { get, keptLog, startCentral, workDirectory } from '../bench.ts';
import { AGENT, OTHER_AGENT } from '../samples.ts';
import { Applicant, ask, clockedCentral, DAY_MS, HOUR_MS, p256, tokenOf } from './applicant.ts';

const code = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

test('a token gives a certificate for a day that names the agent as SPIFFE does', async (context) => {
  const clocked = await clockedCentral(context, { trust_domain: 'fleet.example' });
  const { central } = clocked;
  const { text } = await tokenOf(central, { group: 'lab' });
  const host = new Applicant(AGENT);
  const { status, body } = await host.enrol(central, text);
  assert.equal(status, 200);
  const certificate = new X509Certificate(body.certificate);
  assert.equal(certificate.subjectAltName, `URI:spiffe://fleet.example/agent/${AGENT}`);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.ok(certificate.verify(new X509Certificate(body.ca).publicKey));
  assert.ok(certificate.checkPrivateKey(host.key));
  const left = certificate.validToDate.getTime() - clocked.now;
  assert.ok(left > DAY_MS - 1_000 && left <= DAY_MS);
  const [agent] = await central.identity.listAgents('', 10);
  assert.deepEqual([agent?.id, agent?.grp, agent?.host, agent?.revoked], [AGENT, 'lab', 'build-7', null]);
});

test('a token enrols as many agents as it was made for', async (context) => {
  const { central } = await clockedCentral(context);
  const { text } = await tokenOf(central, { count: 2 });
  const ids = Array.from({ length: 6 }, (_, index) => `00000000000000${index}0`);
  const replies = await Promise.all(ids.map((id) => new Applicant(id).enrol(central, text)));
  assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 200, 401, 401, 401, 401]);
  assert.equal((await central.identity.listTokens())[0]?.uses_left, 0);
});

test('who asks again since the answer was lost is answered without another use', async (context) => {
  const { central } = await clockedCentral(context);
  const { text } = await tokenOf(central);
  const host = new Applicant(AGENT);
  assert.equal((await host.enrol(central, text)).status, 200);
  assert.equal((await host.enrol(central, text)).status, 200);
  assert.deepEqual(code(await new Applicant(AGENT).enrol(central, text)), [409, 'already-enrolled']);
  assert.deepEqual(code(await new Applicant(OTHER_AGENT).enrol(central, text)), [401, 'token-used-up']);
});

test('a token that is unknown, changed, expired or revoked gives nothing', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  const { id, text } = await tokenOf(central, { count: 5 });
  const host = new Applicant(AGENT);
  const [secret = '', pin] = text.split('.');
  const other = `${secret.slice(0, -43)}${'A'.repeat(43)}.${pin}`;
  assert.deepEqual(code(await host.enrol(central, other)), [401, 'token-invalid']);
  assert.deepEqual(code(await host.enrol(central, 'nonsense')), [401, 'token-invalid']);
  clocked.now += HOUR_MS;
  assert.deepEqual(code(await host.enrol(central, text)), [401, 'token-expired']);
  clocked.now -= HOUR_MS;
  assert.equal(await central.identity.revokeToken(id, 'user:test'), true);
  assert.equal(await central.identity.revokeToken(id, 'user:test'), false);
  assert.deepEqual(code(await host.enrol(central, text)), [401, 'token-revoked']);
  assert.deepEqual(await central.identity.listAgents('', 10), []);
});

test('a certificate request that is broken, not signed by its key, for another agent or another kind of key is refused', async (context) => {
  const { central } = await clockedCentral(context);
  const { text } = await tokenOf(central, { count: 9 });
  const host = new Applicant(AGENT);
  const good = await certificateRequest(AGENT, host.key);
  const der = Buffer.from(good.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const at = der.indexOf(Buffer.from(AGENT));
  const renamed = Buffer.from(der);
  renamed.write(OTHER_AGENT, at);
  const pem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const intruder = new Applicant(OTHER_AGENT);
  for (const [applicant, csr] of [
    [host, 'junk'],
    [host, pem(der.subarray(0, -9))],
    [intruder, pem(renamed)],
    [intruder, good],
    [host, await certificateRequest(`${AGENT}0`, host.key)],
    [host, await certificateRequest(AGENT.toUpperCase(), host.key)],
  ] as const) {
    assert.deepEqual(code(await applicant.enrol(central, text, csr)), [400, 'csr-invalid'], csr);
  }
  assert.equal((await central.identity.listTokens())[0]?.uses_left, 9);
  assert.match((await get(central, '/metrics')).body, /credentials_refused_total\{code="csr-invalid"\} 6/);
});

test('only P-256 keys are certified', async (context) => {
  const { central } = await clockedCentral(context);
  const { text } = await tokenOf(central);
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const { subtle } = webcrypto;
  const p384 = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify']);
  const ed25519 = await subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']);
  for (const [keys, signing] of [
    [p384, { name: 'ECDSA', hash: 'SHA-384' }],
    [ed25519 as unknown as webcrypto.CryptoKeyPair, { name: 'Ed25519' }],
  ] as const) {
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: `CN=${AGENT}`,
      keys,
      signingAlgorithm: signing,
    });
    const reply = await new Applicant(AGENT).enrol(central, text, request.toString('pem'));
    assert.deepEqual(code(reply), [400, 'csr-invalid']);
  }
});

test('bodies that are too large, no JSON or of another shape are refused, and other routes are not there', async (context) => {
  const { central } = await clockedCentral(context);
  const post = async (body: unknown) => code(await ask(central, 'POST', '/v1/enrol', body));
  assert.deepEqual(await post({ token: 'x', csr: 'y'.repeat(17_000), agent: {} }), [413, 'too-large']);
  assert.deepEqual(await post('{'), [400, 'bad-request']);
  assert.deepEqual(await post({ token: 'x' }), [400, 'bad-request']);
  assert.deepEqual(await post('[]'), [400, 'bad-request']);
  for (const path of ['/', '/v1/other', '/api/v1/alerts', '/metrics', '/healthz'])
    assert.deepEqual(code(await ask(central, 'GET', path)), [404, 'not-found']);
});

test('an address that is refused again and again has to wait, and keeps no agent behind it from renewing', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  const neighbour = new Applicant(OTHER_AGENT);
  await neighbour.enrol(central, (await tokenOf(central)).text);
  const { text } = await tokenOf(central);
  const host = new Applicant(AGENT);
  for (let tries = 0; tries < 30; tries += 1) await host.enrol(central, 'swenrol_x');
  assert.deepEqual(code(await host.enrol(central, text)), [429, 'too-many-requests']);
  assert.equal((await neighbour.renew(central)).status, 200);
  clocked.now += 61_000;
  assert.equal((await host.enrol(central, text)).status, 200);
});

test('another key takes an id by a token only where its group may', async (context) => {
  const { central } = await clockedCentral(context, { reenrol_groups: ['kiosks'] });
  const host = new Applicant(AGENT);
  assert.equal((await host.enrol(central, (await tokenOf(central)).text)).status, 200);
  const anew = new Applicant(AGENT);
  const plain = await tokenOf(central);
  assert.deepEqual(code(await anew.enrol(central, plain.text)), [409, 'already-enrolled']);
  assert.equal((await new Applicant(OTHER_AGENT).enrol(central, plain.text)).status, 200);
  const special = await tokenOf(central, { group: 'kiosks' });
  assert.equal((await anew.enrol(central, special.text)).status, 200);
});

test('what was done stands in the audit log, and no secret stands anywhere', async (context) => {
  const log = keptLog();
  const { central, directory } = await clockedCentral(context, {}, { log });
  const { text } = await tokenOf(central);
  const [secret = ''] = text.split('.');
  const host = new Applicant(AGENT);
  await host.enrol(central, text);
  await host.renew(central);
  await central.identity.revokeAgent(AGENT, 'user:test');
  await central.stop();
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(`${directory}/central.db`);
  const deeds = database.prepare('SELECT action FROM audit ORDER BY number').pluck().all();
  database.close();
  assert.deepEqual(deeds, ['token.create', 'agent.enrol', 'agent.renew', 'agent.revoke']);
  const { readFileSync } = await import('node:fs');
  const secretPart = secret.split('_').at(-1) ?? '';
  assert.ok(!readFileSync(`${directory}/central.db`).includes(secretPart));
  assert.ok(!log.lines.join('\n').includes(secretPart));
});

test('where the audit log cannot be written, nobody is enrolled and no use of the token is gone', async (context) => {
  const { central, directory } = await clockedCentral(context);
  const { text } = await tokenOf(central, { count: 2 });
  const host = new Applicant(AGENT);
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(`${directory}/central.db`);
  context.after(() => database.close());
  database.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END");
  assert.equal((await host.enrol(central, text)).status, 500);
  assert.deepEqual(await central.identity.listAgents('', 10), []);
  assert.equal((await central.identity.listTokens())[0]?.uses_left, 2);
  database.exec('DROP TRIGGER full');
  assert.equal((await host.enrol(central, text)).status, 200);
  assert.equal((await central.identity.listTokens())[0]?.uses_left, 1);
});

test('a wish for a token out of bounds is refused', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  for (const count of [0, -1, 1.5, Number.NaN, 1_000_001])
    await assert.rejects(tokenOf(central, { count }), RangeError);
  await assert.rejects(tokenOf(central, { group: 'x'.repeat(257) }), RangeError);
});

test('a renewal takes a new key that proves itself, and the old certificate of another key gives nothing', async (context) => {
  const { central } = await clockedCentral(context);
  const host = new Applicant(AGENT);
  await host.enrol(central, (await tokenOf(central)).text);
  const fresh = p256();
  const { status, body } = await host.renew(central, { key: fresh });
  assert.equal(status, 200);
  assert.ok(new X509Certificate(body.certificate).checkPrivateKey(fresh));
});

test('an expired certificate renews itself within the policy, and not beyond it', async (context) => {
  const clocked = await clockedCentral(context, { reenrol_days: 90 });
  const { central } = clocked;
  const host = new Applicant(AGENT);
  await host.enrol(central, (await tokenOf(central)).text);
  clocked.now += 90 * DAY_MS;
  assert.equal((await host.renew(central)).status, 200);
  clocked.now += 91 * DAY_MS + HOUR_MS;
  assert.deepEqual(code(await host.renew(central)), [401, 'certificate-expired']);
});

test('a renewal without a certificate, or with one of another authority, is refused', async (context) => {
  const { central } = await clockedCentral(context);
  const other = await clockedCentral(context);
  const host = new Applicant(AGENT);
  assert.deepEqual(code(await host.renew(central)), [401, 'no-certificate']);
  await host.enrol(other.central, (await tokenOf(other.central)).text);
  assert.deepEqual(code(await host.renew(central)), [401, 'certificate-invalid']);
  const mine = new Applicant(OTHER_AGENT);
  await mine.enrol(central, (await tokenOf(central)).text);
  const csr = await certificateRequest(AGENT, mine.key);
  assert.deepEqual(code(await mine.renew(central, { csr })), [400, 'csr-invalid']);
});

test('who is revoked is not renewed, and comes back only by a token that was made later', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  const early = await tokenOf(central, { count: 3 });
  const host = new Applicant(AGENT);
  await host.enrol(central, early.text);
  clocked.now += 1_000;
  assert.equal(await central.identity.revokeAgent(AGENT, 'user:test'), true);
  assert.equal(await central.identity.revokeAgent(AGENT, 'user:test'), false);
  assert.equal(await central.identity.revokeAgent(OTHER_AGENT, 'user:test'), false);
  assert.deepEqual(code(await host.renew(central)), [403, 'revoked']);
  assert.deepEqual(code(await host.enrol(central, early.text)), [403, 'revoked']);
  clocked.now += 1_000;
  assert.equal((await new Applicant(AGENT).enrol(central, (await tokenOf(central)).text)).status, 200);
  assert.equal((await central.identity.listAgents('', 10))[0]?.revoked, null);
});
