import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AgentConfig } from '../../../agent/index.ts';
import { centralChecks } from '../../../cli/doctor/central-checks.ts';
import { issueCredentials, startCentral, workDirectory } from '../../central/bench.ts';
import { DAY_MS, HOUR_MS, tokenOf } from '../../central/identity/applicant.ts';
import { AGENT } from '../../central/samples.ts';
import { freePort } from '../../free-port.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { found } from './bench.ts';

class AgentPlace extends TempDirectory {
  config(url: string): AgentConfig {
    const central = { url, token_file: this.at('token') };
    return { state_dir: this.at('state'), central } as unknown as AgentConfig;
  }

  check(url: string, now = Date.now()) {
    return centralChecks(this.config(url), now);
  }
}

async function places(context: TestContext) {
  const place = new AgentPlace();
  context.after(() => place[Symbol.dispose]());
  const directory = workDirectory(context);
  const central = await startCentral(context, directory);
  const credentials = (await issueCredentials(join(directory, 'authority'), [AGENT])).get(AGENT);
  assert.ok(credentials);
  return { place, central, credentials };
}

test('the central that this host trusts is told from another, and what differs is said', async (context) => {
  const { place, central, credentials } = await places(context);
  place.write('state/enrolment/ca.pem', credentials.ca);
  assert.deepEqual(found(await place.check(central.agentUrl)), []);
  const other = await places(context);
  place.write('state/enrolment/ca.pem', other.credentials.ca);
  const [check] = await place.check(central.agentUrl);
  assert.equal(check?.code, 'central-not-pinned');
  assert.match(check.detail, /issued by .+ \(top of the chain [\w-]{43}\), trusted is [\w-]{43}$/);
});

test('before it is enrolled, central is held against the token', async (context) => {
  const { place, central } = await places(context);
  assert.deepEqual(found(await place.check(central.agentUrl)), ['? central']);
  place.write('token', (await tokenOf(central)).text);
  assert.deepEqual(found(await place.check(central.agentUrl)), []);
  const other = await places(context);
  place.write('token', (await tokenOf(other.central)).text);
  assert.deepEqual(found(await place.check(central.agentUrl)), ['central-not-pinned']);
});

test('a name that the certificate is not for is told with those that it is for', async (context) => {
  const { place, central, credentials } = await places(context);
  place.write('state/enrolment/ca.pem', credentials.ca);
  const { port } = new URL(central.agentUrl);
  const relay = createServer((socket) => {
    const onward = connect(Number(port), '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  context.after(() => relay.close());
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.2', resolve));
  const [check] = await place.check(`wss://127.0.0.2:${(relay.address() as AddressInfo).port}`);
  assert.equal(check?.code, 'central-other-name');
  assert.match(check.detail, /the certificate is for .*127\.0\.0\.1/);
});

test('nobody there, no such name, and something that speaks no TLS are told apart', async (context) => {
  using place = new AgentPlace();
  assert.deepEqual(found(await place.check(`wss://127.0.0.1:${await freePort()}`)), ['central-unreachable']);
  assert.deepEqual(found(await place.check('wss://central.invalid:7443')), ['central-unresolved']);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(found(await place.check(`wss://127.0.0.1:${port}`)), ['central-no-tls']);
});

test('a certificate that was not renewed in time is told before it ends, and when it has', async (context) => {
  const { place, central, credentials } = await places(context);
  place.write('state/enrolment/ca.pem', credentials.ca);
  place.write(`state/enrolment/${AGENT}.pem`, credentials.cert);
  const codes = async (now: number) => found(await place.check(central.agentUrl, now));
  assert.deepEqual(await codes(Date.now()), []);
  assert.deepEqual(await codes(Date.now() + 0.9 * HOUR_MS), ['certificate-ending']);
  assert.deepEqual(await codes(Date.now() + DAY_MS), ['certificate-expired']);
});
