import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BusConnection } from '../../../central/bus/connection.ts';
import { BusPublisher } from '../../../central/bus/publisher.ts';
import { busSettingsSchema, type GivenBusSettings } from '../../../central/bus/settings.ts';
import { Metrics } from '../../../central/metrics.ts';
import { keptLog, until, workDirectory } from '../bench.ts';
import { certificates } from '../feed/bench.ts';
import { AGENT, plainAlert } from '../samples.ts';
import { NatsCluster, withoutNats } from '../services/nats.ts';
import { makeNatsAccounts } from '../services/nats-accounts.ts';

const skip = withoutNats();
const UP_MS = 10_000;
const MEBIBYTE = 1024 ** 2;

/** A node's way to NATS, and what it logs. */
function connectionOf(context: TestContext, given: GivenBusSettings) {
  const log = keptLog();
  const settings = busSettingsSchema.parse({ max_bytes: MEBIBYTE, dead_max_bytes: MEBIBYTE, ...given });
  const connection = new BusConnection({ settings, node: 'node', log });
  context.after(() => connection.stop());
  const publisher = new BusPublisher({ connection, settings, metrics: new Metrics(), node: 'node' });
  const store = async () => {
    await connection.up(UP_MS).catch((error) => assert.fail(`${error}: ${log.lines.join('\n')}`));
    return await publisher.store(AGENT, [plainAlert(1)], new Date().toISOString());
  };
  const refused = async (why: RegExp) => {
    await until(() => log.lines.some((line) => why.test(line)));
    assert.equal(connection.link, null);
  };
  return { log, store, refused };
}

function secretIn(directory: string, name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** A bus whose servers speak TLS only, by a certificate for these names. */
async function tlsBus(context: TestContext, names?: string) {
  const directory = workDirectory(context);
  const { ca, serverCert: cert, serverKey: key } = certificates(directory, names);
  const nats = await NatsCluster.open({ tls: { cert, key } });
  context.after(() => nats.destroy());
  const { servers, user, password } = nats;
  const given = { servers: [...servers], user, password_file: secretIn(directory, 'password', password) };
  return { directory, ca, given };
}

test('a node speaks TLS with NATS, and only with a server that its authority vouches for', {
  skip,
}, async (context) => {
  const { directory, ca, given } = await tlsBus(context, 'IP:127.0.0.1');
  assert.equal(await connectionOf(context, { ...given, ca_file: ca }).store(), 1);
  const other = certificates(join(directory, 'other')).ca;
  await connectionOf(context, { ...given, ca_file: other }).refused(/certificate/i);
  const tls = given.servers.map((server) => `tls://${server}`);
  await connectionOf(context, { ...given, servers: tls }).refused(/certificate|SELF_SIGNED/i);
});

test('a node does not speak with a NATS that another name was certified for', { skip }, async (context) => {
  // The client takes a server that is given by its address for `localhost`.
  const { ca, given } = await tlsBus(context, 'DNS:localhost');
  await connectionOf(context, { ...given, ca_file: ca }).refused(/altnames/i);
});

test('a node that is to speak TLS sends no password to a NATS without it', { skip }, async (context) => {
  const directory = workDirectory(context);
  const nats = await NatsCluster.open();
  context.after(() => nats.destroy());
  const password_file = secretIn(directory, 'password', nats.password);
  const { ca } = certificates(directory);
  const given = { servers: [...nats.servers], user: nats.user, password_file, ca_file: ca };
  await connectionOf(context, given).refused(/tls/i);
  const { ca_file: _, ...plain } = given;
  const tls = given.servers.map((server) => `tls://${server}`);
  await connectionOf(context, { ...plain, servers: tls }).refused(/tls/i);
});

test('a wrong password is refused, shown in no log, and once it is put right the node connects by itself', {
  skip,
}, async (context) => {
  const directory = workDirectory(context);
  const nats = await NatsCluster.open();
  context.after(() => nats.destroy());
  const password_file = secretIn(directory, 'password', 'a-wrong-password');
  const node = connectionOf(context, { servers: [...nats.servers], user: nats.user, password_file });
  await node.refused(/authorization/i);
  writeFileSync(password_file, `${nats.password}\n`);
  assert.equal(await node.store(), 1);
  const said = node.log.lines.join('\n');
  for (const secret of ['a-wrong-password', nats.password]) assert.ok(!said.includes(secret));
});

test('a node shows the key of a credentials file, and one of another operator is refused', {
  skip,
}, async (context) => {
  const directory = workDirectory(context);
  const accounts = makeNatsAccounts();
  const nats = await NatsCluster.open({ authorization: accounts.config });
  context.after(() => nats.destroy());
  const servers = [...nats.servers];
  const creds_file = secretIn(directory, 'right.creds', accounts.creds);
  const right = connectionOf(context, { servers, creds_file });
  assert.equal(await right.store(), 1);
  const other = secretIn(directory, 'other.creds', makeNatsAccounts().creds);
  const wrong = connectionOf(context, { servers, creds_file: other });
  await wrong.refused(/authorization/i);
  const seed = /SU[A-Z2-7]{56}/;
  assert.match(accounts.creds, seed);
  for (const { log } of [right, wrong]) assert.doesNotMatch(log.lines.join('\n'), seed);
});
