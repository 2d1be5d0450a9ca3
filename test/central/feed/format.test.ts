import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { boundAlert } from '../../../central/feed/format/bounds.ts';
import { toEcs } from '../../../central/feed/format/ecs.ts';
import { toHecEvent } from '../../../central/feed/format/hec.ts';
import { toJson } from '../../../central/feed/format/json.ts';
import { toExportRequest, toLogRecord } from '../../../central/feed/format/otlp.ts';
import { octetCounted, toSyslog } from '../../../central/feed/format/syslog.ts';
import { visible } from '../../../central/feed/format/text.ts';
import type { FeedRecord } from '../../../central/feed/record.ts';
import { toDetectionFinding } from '../../../central/index.ts';
import { type Alert, alertSchema } from '../../../wire/index.ts';
import { fullAlert, plainAlert } from '../samples.ts';
import { anyAlert } from './arbitrary.ts';
import { CONTEXT, recordOf } from './bench.ts';
import { parseSyslog } from './receivers/syslog-message.ts';

const GOLDEN = new URL('../../golden/central/feed/', import.meta.url);
const SYSLOG = { facility: 16, maxBytes: 8_000 };
const HEC = { source: 'sealwatch', sourcetype: 'sealwatch:alert', index: 'edr', format: 'alert' } as const;

/** What an attacker would write to forge a line, close a field or turn the text around. */
const EVIL =
  'x" ] | = \\ \r\n<14>1 2026-01-01T00:00:00Z fake - - - - forged\u0000\u001b[2J\u2028\u202e\ud800';

function hostileAlert(seq: number): Alert {
  return {
    ...fullAlert(seq),
    user: EVIL,
    host: `host ${EVIL}`,
    rule: { ...fullAlert(seq).rule, title: `a|b\\c\n${EVIL}`, author: EVIL },
    event: { CommandLine: EVIL, [EVIL]: EVIL, DestinationIp: 'fe80::1%eth0', DestinationPort: '99999' },
    actor: { pid: 1, exe: `/tmp/${EVIL}`, cmdline: EVIL, in_subtree: true },
  };
}

const SAMPLES: Readonly<Record<string, Alert>> = {
  full: fullAlert(7),
  plain: plainAlert(8),
  hostile: hostileAlert(9),
};
const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const FORMATS: Readonly<Record<string, (record: FeedRecord) => string>> = {
  'ocsf.json': ({ alert, context }) => pretty(toDetectionFinding(alert, context)),
  'ecs.json': (record) => pretty(toEcs(record)),
  'hec.json': (record) => pretty(JSON.parse(toHecEvent(record, HEC))),
  'otlp.json': (record) => pretty(JSON.parse(toExportRequest([{ record, text: toLogRecord(record) }]))),
  'syslog.txt': (record) => `${octetCounted(toSyslog(record, SYSLOG))}\n`,
};

test('golden alerts stand in every format', () => {
  const rendered = new Map(
    Object.entries(SAMPLES).flatMap(([sample, alert]) =>
      Object.entries(FORMATS).map(([format, render]) => [`${sample}.${format}`, render(recordOf(alert))]),
    ),
  );
  if (process.env['UPDATE_GOLDEN'] === '1') {
    for (const [name, text] of rendered) writeFileSync(new URL(name, GOLDEN), text);
  }
  const names = readdirSync(GOLDEN).sort();
  assert.deepEqual(names, [...rendered.keys()].sort());
  for (const name of names) {
    assert.equal(rendered.get(name), readFileSync(new URL(name, GOLDEN), 'utf8'), name);
  }
});

/** Everything that could end a record, drive a terminal or hide text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function assertSyslog(alert: Alert, maxBytes = SYSLOG.maxBytes): void {
  const text = toSyslog(recordOf(alert), { ...SYSLOG, maxBytes });
  assert.ok(!DANGEROUS.test(text), JSON.stringify(text));
  assert.ok(Buffer.byteLength(text) <= maxBytes);
  const message = parseSyslog(text);
  assert.equal(message.cef.header.length, 7);
  assert.equal(message.data['seq'], String(alert.seq));
  if (alert.id.length <= 40) {
    const id = visible(alert.id);
    assert.equal(message.data['id'], id);
    if (!/[\r\n]/.test(alert.id) && alert.id !== '') assert.equal(message.cef.fields['externalId'], id);
  }
}

test('a hostile command line stays within its field of a syslog message', () => {
  const message = parseSyslog(toSyslog(recordOf(hostileAlert(3)), SYSLOG));
  assert.equal(message.pri, 16 * 8 + 3);
  assert.equal(message.messageId, 'mcp_shell_spawn');
  assert.deepEqual(message.cef.header.slice(0, 5), [
    '0',
    'Sealwatch',
    'Sealwatch',
    '1.2.3',
    'mcp_shell_spawn',
  ]);
  assert.equal(message.cef.header[6], '8');
  assert.equal(message.cef.fields['cs1Label'], 'commandLine');
  assert.equal(
    message.cef.fields['cs1'],
    'x" ] | = \\ \n<14>1 2026-01-01T00:00:00Z fake - - - - forged\u2400\u241b[2J\ufffd\ufffd\ufffd',
  );
  assert.equal(message.cef.fields['cs2'], message.cef.fields['suser']);
});

test('whatever an agent may send becomes a syslog message that a strict parser reads', () => {
  fc.assert(
    fc.property(anyAlert, (raw) => assertSyslog(alertSchema.parse(JSON.parse(JSON.stringify(raw))))),
    { numRuns: 1_000 },
  );
});

test('a syslog message keeps to its bytes, says that it was cut, and keeps the id', () => {
  const long = (unit: string) => unit.repeat(20_000);
  for (const unit of ['a', '\n', '=', '\\', '\u{1f512}', '\u0000']) {
    const text = long(unit);
    const alert: Alert = {
      ...fullAlert(5),
      host: text,
      user: text,
      rule: {
        ...fullAlert(5).rule,
        name: text,
        title: text,
        author: text,
        license: text,
        tags: [text, text],
      },
      actor: { pid: 1, exe: text, cmdline: text, in_subtree: true },
      change: { artefact: { role: 'script', path: text }, before: text, after: text, diff: text },
      server: { id: 's', client: text, name: text, state: 'drifted' },
      event: { DestinationHostname: text },
    };
    for (const maxBytes of [4_096, 8_000, 65_536]) assertSyslog(alert, maxBytes);
    const message = parseSyslog(toSyslog(recordOf(alert), { ...SYSLOG, maxBytes: 4_096 }));
    assert.equal(message.data['truncated'], 'true');
    assert.equal(message.cef.fields['externalId'], alert.id);
  }
  assert.equal(parseSyslog(toSyslog(recordOf(fullAlert(5)), SYSLOG)).data['truncated'], undefined);
});

test('the octet count is that of the bytes, not of the characters', () => {
  assert.equal(octetCounted('\ufeffé\u{1f512}'), '9 \ufeffé\u{1f512}');
});

function hugeAlert(): Alert {
  const text = 'é'.repeat(600);
  return {
    ...fullAlert(6),
    event: Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`${index}${text}`, [text, text, 1]]),
    ),
    ancestry: Array.from({ length: 500 }, () => ({ pid: 1, start: 1, exe: text, cmdline: text, user: text })),
  };
}

test('an alert of any size leaves within bounds and says what it is', () => {
  const { alert, truncated } = boundAlert(hugeAlert());
  assert.ok(truncated);
  assert.ok(Buffer.byteLength(JSON.stringify(alert)) <= 256 * 1024);
  assert.equal(alert.id, fullAlert(6).id);
  assert.match(alert.ancestry[0]?.cmdline ?? '', /…\[cut\]$/);
  assert.equal(toJson(recordOf(hugeAlert()), 'alert')['truncated'], true);
  assert.equal(Reflect.get(Object(toJson(recordOf(hugeAlert()), 'ocsf')['unmapped']), 'truncated'), true);
  assert.equal(Reflect.get(Object(toEcs(recordOf(hugeAlert()))['sealwatch']), 'truncated'), true);
  assert.deepEqual(boundAlert(fullAlert(6)), { alert: fullAlert(6), truncated: false });
});

test('whatever an agent may send, ECS has a fixed set of fields and well-formed text', () => {
  const top = new Set(
    '@timestamp ecs message tags event rule agent host user process file destination threat related sealwatch'.split(
      ' ',
    ),
  );
  fc.assert(
    fc.property(anyAlert, (raw) => {
      const alert = alertSchema.parse(JSON.parse(JSON.stringify(raw)));
      // biome-ignore lint/suspicious/noExplicitAny: looked into freely
      const document: any = toEcs(recordOf(alert));
      for (const key of Object.keys(document)) assert.ok(top.has(key), key);
      assert.equal(typeof document.event.original, 'string');
      assert.match(document['@timestamp'], /^\d{4}-\d\d-\d\dT/);
      assert.ok(JSON.stringify(document).isWellFormed() && !/\\ud[89a-f]/.test(JSON.stringify(document)));
    }),
    { numRuns: 500 },
  );
});

test('ECS carries author, licence, process with parent, file with hash and threat', () => {
  // biome-ignore lint/suspicious/noExplicitAny: looked into freely
  const document: any = toEcs(recordOf(fullAlert(4)));
  assert.deepEqual(document.rule.author, ['Jane Doe']);
  assert.equal(document.rule.license, 'DRL-1.1');
  assert.equal(document.process.parent.command_line, 'node index.js');
  assert.equal(document.file.hash.sha256, 'b'.repeat(64));
  assert.deepEqual(document.threat.technique, { id: ['T1059'], subtechnique: { id: ['T1059.004'] } });
  assert.deepEqual(document.related.ip, ['203.0.113.9']);
});

test('an alert of an impossible time carries the time of its receipt', () => {
  for (const time of ['never', '-000001-01-01T00:00:00Z', '+010000-01-01T00:00:00Z']) {
    const record = recordOf(plainAlert(1, { time }));
    assert.equal(toEcs(record)['@timestamp'], new Date(CONTEXT.receivedMs).toISOString());
    assert.match(toSyslog(record, SYSLOG), / 2026-08-01T11:00:00\.000Z /);
  }
});
