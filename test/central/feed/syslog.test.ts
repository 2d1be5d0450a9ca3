import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { until } from '../bench.ts';
import { certificates, FeedBench, ids } from './bench.ts';
import { Rsyslog, rsyslogMissing } from './receivers/rsyslog.ts';
import { parseSyslog } from './receivers/syslog-message.ts';

const skip = rsyslogMissing();
if (skip !== false) console.log(`SKIPPED: ${skip}`);

const HOSTILE = 'sh -c "x"\n<0>1 2026-01-01T00:00:00Z evil evil - - - forged\r\n]|=\\ \u0000\u001b[31m';

test('rsyslog gets each alert once over TCP, and reads CEF in it', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const rsyslog = await Rsyslog.start(context, bench.directory, null);
  await bench.start({
    name: 'syslog',
    type: 'syslog',
    host: '127.0.0.1',
    port: rsyslog.port,
    settle_seconds: 0.3,
  });
  await bench.put(600, () => ({ actor: { pid: 7, exe: '/bin/sh', cmdline: HOSTILE, in_subtree: true } }));
  await bench.caughtUp('syslog');
  await until(() => rsyslog.messages.length >= 600);
  const messages = rsyslog.messages.map((line) => parseSyslog(line));
  assert.deepEqual(
    messages.map(({ data }) => data['id']),
    ids(1, 600),
  );
  for (const { pri, cef } of messages) {
    assert.equal(pri, 16 * 8 + 3);
    assert.equal(cef.header[4], 'mcp_shell_spawn');
    assert.equal(cef.fields['suser'], 'alice');
    assert.equal(cef.fields['cs1']?.split('\n').length, 3);
  }
});

test('rsyslog gets each alert once over TLS from a client with a certificate', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const tls = certificates(bench.directory);
  const rsyslog = await Rsyslog.start(context, bench.directory, tls);
  const syslog = { type: 'syslog', host: '127.0.0.1', port: rsyslog.port, settle_seconds: 0.3 };
  const own = {
    ca_file: tls.ca,
    server_name: 'receiver.test',
    cert_file: tls.clientCert,
    key_file: tls.clientKey,
  };
  await bench.start(
    { ...syslog, name: 'tls', tls: own },
    { ...syslog, name: 'other-name', tls: { ...own, server_name: 'elsewhere.test' } },
    { ...syslog, name: 'no-ca', tls: { ...own, ca_file: undefined } },
  );
  await bench.put(300);
  await bench.caughtUp('tls');
  await until(() => rsyslog.messages.length >= 300);
  for (const name of ['other-name', 'no-ca']) {
    await bench.until(name, ({ failing }) => failing);
    assert.equal((await bench.status(name)).delivered, 0);
  }
  assert.deepEqual(
    rsyslog.messages.map((line) => parseSyslog(line).data['id']),
    ids(1, 300),
  );
});

test('rsyslog killed again and again while it receives loses nothing', { skip }, async (context) => {
  const bench = new FeedBench(context);
  const rsyslog = await Rsyslog.start(context, bench.directory, null);
  await bench.start({
    name: 'syslog',
    type: 'syslog',
    host: '127.0.0.1',
    port: rsyslog.port,
    settle_seconds: 1,
  });
  for (let round = 0; round < 5; round += 1) {
    await bench.put(1_000);
    const before = rsyslog.messages.length;
    await until(() => rsyslog.messages.length > before + round * 100);
    await rsyslog.kill();
    await rsyslog.run();
  }
  await bench.caughtUp('syslog');
  await until(() => new Set(rsyslog.messages.map((line) => /id="([^"]*)"/.exec(line)?.[1])).size >= 5_000);
  const arrived = new Set(rsyslog.messages.map((line) => /id="([^"]*)"/.exec(line)?.[1]));
  assert.deepEqual(
    ids(1, 5_000).filter((id) => !arrived.has(id)),
    [],
  );
  context.diagnostic(`${rsyslog.messages.length} messages of 5000 alerts`);
});

test('the cursor follows only once the connection outlived what was sent', async (context) => {
  const bench = new FeedBench(context);
  const sockets: { destroy(): void }[] = [];
  let received = '';
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const count = () => received.split('CEF:0').length - 1;
  await bench.start({ name: 'syslog', type: 'syslog', host: '127.0.0.1', port, settle_seconds: 60 });
  await bench.put(5);
  await until(() => count() === 5);
  assert.equal((await bench.status('syslog')).position, 0);
  for (const socket of sockets) socket.destroy();
  await until(() => count() === 10);
  assert.equal((await bench.status('syslog')).position, 0);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a receiver that takes messages and hangs up is failing, told once, and tried ever less often', async (context) => {
  const bench = new FeedBench(context);
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.once('data', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await bench.start({ name: 'rude', type: 'syslog', host: '127.0.0.1', port, settle_seconds: 5 });
  await bench.put(3);
  await until(() => connections >= 4);
  await bench.until('rude', ({ failing }) => failing);
  assert.equal((await bench.status('rude')).position, 0);
  const told = bench.log.lines.filter((line) => /the feed (fails|works)/.test(line));
  assert.equal(told.length, 1);
});

test('a receiver that takes the connection and does no TLS is given up in time', async (context) => {
  const bench = new FeedBench(context);
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await bench.start({ name: 'mute', type: 'syslog', host: '127.0.0.1', port, tls: {}, timeout_seconds: 0.2 });
  await bench.put(1);
  await bench.until('mute', ({ lastError }) => /CENTRAL_FEED_TIMEOUT/.test(lastError ?? ''));
});
