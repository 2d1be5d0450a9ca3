import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import type { Central } from '../../../central/index.ts';
import {
  connect,
  deliver,
  get,
  hello,
  issueCredentials,
  keptLog,
  Link,
  startCentral,
  until,
  workDirectory,
} from '../bench.ts';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';
import { Applicant, clockedCentral, DAY_MS, p256, tokenOf } from './applicant.ts';

/** Status and reason of an upgrade that is refused. */
async function refusalOf(
  central: Central,
  options: ClientOptions,
  path = '/v1/agent',
  protocols: string[] = ['sealwatch.v1'],
): Promise<readonly unknown[]> {
  const socket = new WebSocket(`${central.agentUrl}${path}`, protocols, {
    rejectUnauthorized: false,
    ...options,
  });
  return await new Promise((resolve, reject) => {
    socket.on('error', () => undefined);
    socket.on('open', () => reject(new Error('the upgrade was accepted')));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve([response.statusCode, response.headers['sealwatch-reason']]);
    });
  });
}

async function enrolled(central: Central, id = AGENT): Promise<Applicant> {
  const host = new Applicant(id);
  assert.equal((await host.enrol(central, (await tokenOf(central)).text)).status, 200);
  return host;
}

test('each wrong credential has its status and is counted', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  const foreign = (await clockedCentral(context)).central;
  const host = await enrolled(central);
  const stranger = await enrolled(foreign, OTHER_AGENT);
  assert.deepEqual(await refusalOf(central, {}), [401, 'no-certificate']);
  assert.deepEqual(await refusalOf(central, { headers: { authorization: 'Bearer token' } }), [
    401,
    'no-certificate',
  ]);
  assert.deepEqual(await refusalOf(central, stranger.shown), [401, 'certificate-invalid']);
  assert.deepEqual(await refusalOf(central, host.shown, '/v1/other'), [404, 'request']);
  assert.deepEqual(await refusalOf(central, host.shown, '/v1/agent', ['other.v9']), [400, 'request']);
  clocked.now += DAY_MS;
  assert.deepEqual(await refusalOf(central, host.shown), [401, 'certificate-expired']);
  clocked.now -= 2 * DAY_MS;
  assert.deepEqual(await refusalOf(central, host.shown), [401, 'certificate-expired'], 'not good yet');
  clocked.now += DAY_MS;
  await central.identity.revokeAgent(AGENT, 'user:test');
  assert.deepEqual(await refusalOf(central, host.shown), [403, 'revoked']);
  const { body } = await get(central, '/metrics');
  assert.match(body, /upgrades_refused_total\{status="401"\} 5/);
  assert.match(body, /upgrades_refused_total\{status="403"\} 1/);
});

test('neither the certificate of central itself nor one that names no agent of this domain lets in', async (context) => {
  const directory = workDirectory(context);
  const central = await startCentral(context, directory);
  const { Authority } = await import('../../../central/identity/authority.ts');
  const place = { directory: `${directory}/authority`, trustDomain: undefined, clock: Date.now };
  const authority = await Authority.open(place);
  const key = p256();
  const { createPublicKey } = await import('node:crypto');
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const pem = String(key.export({ type: 'pkcs8', format: 'pem' }));
  const server = await authority.issueServer(['localhost'], spki, DAY_MS);
  const nobody = await authority.issueAgent('nobody', spki, DAY_MS);
  for (const { certificate: cert } of [server, nobody])
    assert.deepEqual(await refusalOf(central, { cert, key: pem }), [401, 'certificate-invalid']);
});

test('a hello for another agent than the certificate names is refused', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  const link = new Link(central.url, AGENT);
  link.send(hello(OTHER_AGENT));
  const frame = await link.next();
  assert.equal(frame?.type === 'refuse' ? frame.code : null, 'not-this-agent');
  assert.equal((await link.closed).code, 4403);
});

function protocolOf(central: Central, options: ConnectionOptions): Promise<string | null> {
  const { hostname, port } = new URL(central.agentUrl);
  return new Promise((resolve) => {
    const socket = connectTls(
      { host: hostname, port: Number(port), rejectUnauthorized: false, ...options },
      () => {
        resolve(socket.getProtocol());
        socket.destroy();
      },
    );
    socket.on('error', () => resolve(null));
  });
}

test('agents speak TLS 1.3, and nothing older or plain', async (context) => {
  const { central } = await clockedCentral(context);
  assert.equal(await protocolOf(central, {}), 'TLSv1.3');
  assert.equal(await protocolOf(central, { maxVersion: 'TLSv1.2' }), null);
  const plain = new WebSocket(`${central.agentUrl.replace('wss', 'ws')}/v1/agent`);
  const [error] = await new Promise<[Error]>((resolve) => plain.once('error', (one) => resolve([one])));
  assert.match(error.message, /socket hang up|ECONNRESET|Parse Error/);
  const api = new WebSocket(`${central.url.replace('http', 'ws')}/v1/agent`, 'sealwatch.v1');
  await new Promise((resolve) => api.once('error', resolve));
});

test('a revocation closes the live session at once, and no other', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  const { link } = await connect(context, central);
  const { link: bystander } = await connect(context, central, OTHER_AGENT);
  const revoked = central.identity.revokeAgent(AGENT, 'user:test');
  // Too old now for what looks after revocations by others.
  clocked.now += DAY_MS;
  assert.equal(await revoked, true);
  const frame = await link.next();
  assert.equal(frame?.type === 'refuse' ? frame.code : null, 'revoked');
  assert.deepEqual(await link.closed, { code: 4401, reason: 'revoked' });
  assert.equal(await deliver(bystander, [plainAlert(1, {}, OTHER_AGENT)]), 1);
});

test('a connection that has not said hello yet is closed by a revocation, too', async (context) => {
  const central = await startCentral(context, workDirectory(context));
  await connect(context, central).then(({ link }) => link.socket.terminate());
  const silent = new Link(central.url, AGENT);
  await new Promise((resolve) => silent.socket.once('open', resolve));
  await central.identity.revokeAgent(AGENT, 'user:test');
  assert.equal((await silent.closed).code, 4401);
});

test('the certificate of central is replaced while agents stay connected', async (context) => {
  const log = keptLog();
  const clocked = await clockedCentral(context, {}, { log, certificateLookMs: 20 });
  const { central } = clocked;
  const serial = async () => {
    const { hostname, port } = new URL(central.agentUrl);
    return await new Promise<string>((resolve, reject) => {
      const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  };
  const before = await serial();
  const { link } = await connect(context, central);
  clocked.now += 4 * DAY_MS;
  await until(async () => (await serial()) !== before);
  assert.equal(await deliver(link, [plainAlert(1)]), 1);
  assert.ok(log.lines.some((line) => line.includes('certificate of central was renewed')));
  const ahead = await serial();
  clocked.now -= 4 * DAY_MS;
  await until(async () => (await serial()) !== ahead);
});

test('who was given a certificate while the clock of central was ahead renews it once the clock is right', async (context) => {
  const clocked = await clockedCentral(context);
  const { central } = clocked;
  clocked.now += 3 * DAY_MS;
  const host = await enrolled(central);
  clocked.now -= 3 * DAY_MS;
  assert.deepEqual(await refusalOf(central, host.shown), [401, 'certificate-expired']);
  assert.equal((await host.renew(central)).status, 200);
  const { validFrom, validTo } = new X509Certificate(host.cert ?? '');
  assert.ok(Date.parse(validFrom) <= clocked.now && clocked.now < Date.parse(validTo));
});

test('central is verified by the names that the operator gave, and by no other', async (context) => {
  const { central, directory } = await clockedCentral(context, { names: ['central.example'] });
  const [shown] = (await issueCredentials(`${directory}/authority`, [AGENT])).values();
  assert.ok(shown !== undefined);
  const { port } = new URL(central.agentUrl);
  const opens = (servername: string) =>
    new Promise<string>((resolve) => {
      const socket = connectTls({ host: '127.0.0.1', port: Number(port), servername, ...shown }, () => {
        resolve('open');
        socket.destroy();
      });
      socket.on('error', (error) => resolve(String(Reflect.get(error, 'code'))));
    });
  assert.equal(await opens('central.example'), 'open');
  assert.equal(await opens('localhost'), 'open');
  assert.equal(await opens('evil.example'), 'ERR_TLS_CERT_ALTNAME_INVALID');
});

test('handshakes that are begun and left alone keep nobody out, and do not hold up the end', async (context) => {
  const { createConnection } = await import('node:net');
  const central = await startCentral(context, workDirectory(context));
  const { port } = new URL(central.agentUrl);
  const idle = Array.from({ length: 50 }, () => createConnection(Number(port), '127.0.0.1'));
  context.after(() => {
    for (const socket of idle) socket.destroy();
  });
  for (const socket of idle) socket.on('error', () => undefined);
  const ended = idle.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  const { link } = await connect(context, central);
  assert.equal(await deliver(link, [plainAlert(1)]), 1);
  await central.stop();
  assert.equal((await link.closed).code, 1001);
  await Promise.all(ended);
});
