import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfigBytes, readConfigFile } from '../../../inventory/config/document.ts';
import { parseBinaryPlist } from '../../../inventory/config/plist-binary.ts';
import { parseXmlPlist } from '../../../inventory/config/plist-xml.ts';
import { MAX_CONFIG_DEPTH } from '../../../inventory/limits.ts';
import { TempHome } from '../temp-home.ts';
import { assemble, binaryPlist } from './binary-plist.ts';

const PLIST = (inside: string) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${inside}
</plist>
`;

function onlyFault(text: string) {
  const { root, faults } = parseXmlPlist(text);
  assert.equal(root, null);
  assert.equal(faults.length, 1);
  return faults[0];
}

test('every kind of value of an XML property list is read', () => {
  const text = PLIST(
    '<dict><key>s</key><string>a &amp; &#233;<![CDATA[<b>]]></string><key>i</key><integer>-7</integer>' +
      '<key>h</key><integer>0x1F</integer><key>r</key><real>1.5</real><key>n</key><real>nan</real>' +
      '<key>t</key><true/><key>f</key><false></false><key>d</key><date>2020-01-02T03:04:05Z</date>' +
      '<key>b</key><data>aGVs\n bG8=</data><key>l</key><array><string/><dict/></array></dict>',
  );
  assert.deepEqual(JSON.parse(JSON.stringify(parseXmlPlist(text).root)), {
    s: 'a & é<b>',
    i: -7,
    h: 31,
    r: 1.5,
    n: 'nan',
    t: true,
    f: false,
    d: '2020-01-02T03:04:05.000Z',
    b: 'aGVsbG8=',
    l: ['', {}],
  });
});

test('every kind of value of a binary property list is read', () => {
  const value = { s: 'plain', w: 'wide é', i: -7, r: 1.5, t: true, n: null, l: ['x'.repeat(20), {}] };
  const bytes = binaryPlist({ ...value, d: new Date('2020-01-02T03:04:05Z'), b: Buffer.from('hello') });
  assert.deepEqual(JSON.parse(JSON.stringify(parseBinaryPlist(bytes).root)), {
    ...value,
    d: '2020-01-02T03:04:05.000Z',
    b: 'aGVsbG8=',
  });
});

test('what another writer of binary property lists wrote is read', (t) => {
  const script =
    'import plistlib,sys;sys.stdout.buffer.write(plistlib.dumps({"a":[1,2**40,-3,"é","x"*300,True],"b":b"q"*99},fmt=plistlib.FMT_BINARY))';
  let bytes: Buffer;
  try {
    bytes = execFileSync('python3', ['-c', script]);
  } catch {
    return t.skip('no python3 to write one');
  }
  const { root } = parseBinaryPlist(bytes);
  assert.deepEqual(root?.['a'], [1, 2 ** 40, -3, 'é', 'x'.repeat(300), true]);
  assert.equal(root?.['b'], Buffer.alloc(99, 'q').toString('base64'));
});

test('a fault of XML has its line and column', () => {
  const cases = [
    ['<dict>\n<key>a</key>\n<strin>x</strin></dict>', 6, 1],
    ['<dict>\n<key>a</key>\n<integer>12x</integer></dict>', 6, 1],
    ['<dict>\r<key>a</key>\r<key>b</key></dict>', 5, 1],
    ['<dict><string>x</string></dict>', 4, 7],
    ['<dict>text</dict>', 4, 11],
    ['<dict>&secret;</dict>', 4, 14],
  ] as const;
  for (const [inside, line, column] of cases) {
    const fault = onlyFault(PLIST(inside));
    assert.equal(fault?.code, 'CONFIG_SYNTAX');
    assert.deepEqual(fault?.at, { line, column }, `${inside}: ${fault?.message}`);
    assert.ok(!fault?.message.includes('secret'));
  }
  assert.equal(onlyFault(PLIST('<array/>'))?.code, 'CONFIG_NOT_AN_OBJECT');
});

test('entities of the document itself are refused, so nothing can multiply', () => {
  const text = '<!DOCTYPE plist [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>\n<plist><dict/></plist>';
  assert.match(onlyFault(text)?.message ?? '', /entities/);
});

test('nesting past the limit is refused at its place, in both forms', () => {
  const levels = MAX_CONFIG_DEPTH + 1;
  const open = '<dict><key>a</key>';
  const deep = onlyFault(`<plist>${open.repeat(levels)}<dict/>${'</dict>'.repeat(levels)}</plist>`);
  assert.deepEqual(
    [deep?.code, deep?.at?.column],
    ['CONFIG_TOO_DEEP', '<plist>'.length + open.length * levels + 1],
  );
  const fits = `<plist>${open.repeat(levels - 1)}<dict/>${'</dict>'.repeat(levels - 1)}</plist>`;
  assert.notEqual(parseXmlPlist(fits).root, null);
  const itself = assemble(
    [
      [0xd1, 1, 0],
      [0x51, 0x61],
    ].map((bytes) => Buffer.from(bytes)),
  );
  assert.equal(parseBinaryPlist(itself).faults[0]?.code, 'CONFIG_TOO_DEEP');
});

test('a list that holds one list over and over is refused by the count', () => {
  const lists = Array.from({ length: 12 }, (_, index) => Buffer.from([0xaa, ...Array(10).fill(index + 3)]));
  const objects = [Buffer.from([0xd1, 1, 2]), Buffer.from([0x51, 0x61]), ...lists, Buffer.from([0x09])];
  const { root, faults } = parseBinaryPlist(assemble(objects));
  assert.equal(root, null);
  assert.deepEqual([faults[0]?.code, faults[0]?.at?.line], ['CONFIG_TOO_MANY_VALUES', 1]);
});

test('a repeated key is reported, and a prototype key stays a plain key', () => {
  const xml = parseXmlPlist(
    '<plist><dict><key>a</key><true/>\n<key>a</key><false/><key>__proto__</key><dict/></dict></plist>',
  );
  assert.deepEqual([xml.root?.['a'], Object.keys(xml.root ?? {})], [false, ['a', '__proto__']]);
  assert.deepEqual(
    xml.faults.map(({ code, at }) => [code, at]),
    [['CONFIG_DUPLICATE_KEY', { line: 2, column: 1 }]],
  );
  assert.deepEqual(xml.positionOf(['__proto__']), { line: 2, column: 21 });
  const twice = assemble([[0xd2, 1, 1, 2, 2], [0x51, 0x61], [0x09]].map((bytes) => Buffer.from(bytes)));
  assert.equal(parseBinaryPlist(twice).faults[0]?.code, 'CONFIG_DUPLICATE_KEY');
});

test('a property list in UTF-16 is read for any client', () => {
  const bytes = Buffer.from(
    `\ufeff${PLIST('<dict><key>é</key><true/></dict>')}`.replace('UTF-8', 'UTF-16'),
    'utf16le',
  );
  const parsed = parseConfigBytes(bytes, 'plist');
  assert.deepEqual([parsed.valid, parsed.document.root?.['é']], [true, true]);
});

test('any bytes behind the header of a binary property list are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const { root, faults } = parseBinaryPlist(Buffer.concat([Buffer.from('bplist00'), bytes]));
      assert.equal(root === null, faults.length === 1);
    }),
    { numRuns: 2_000 },
  );
});

test('a config embedded in base64 is read, and its faults stand at the key that holds it', () => {
  using home = new TempHome();
  const embedded = { key: ['config_toml_base64'], format: 'toml' } as const;
  const holding = (toml: string) =>
    PLIST(
      `<dict>\n<key>config_toml_base64</key><string>${Buffer.from(toml).toString('base64')}</string></dict>`,
    );
  const good = home.write('good.plist', holding('[mcp_servers.a]\ncommand = "x"\n'));
  const read = readConfigFile(good, 'plist', { embedded });
  assert.deepEqual([read.valid, read.faults], [true, []]);
  assert.deepEqual(JSON.parse(JSON.stringify(read.document?.root)), { mcp_servers: { a: { command: 'x' } } });
  assert.deepEqual(read.document?.positionOf(['mcp_servers', 'a']), { line: 5, column: 1 });
  const bad = readConfigFile(home.write('bad.plist', holding('a = [')), 'plist', { embedded });
  assert.deepEqual(
    [bad.valid, bad.faults[0]?.code, bad.faults[0]?.at],
    [false, 'CONFIG_SYNTAX', { line: 5, column: 1 }],
  );
  const text = PLIST('<dict><key>config_toml_base64</key><string>!</string></dict>');
  assert.match(
    readConfigFile(home.write('no.plist', text), 'plist', { embedded }).faults[0]?.message ?? '',
    /base64/,
  );
  const absent = readConfigFile(home.write('none.plist', binaryPlist({ other: 1 })), 'plist', { embedded });
  assert.deepEqual([absent.valid, absent.document, absent.faults], [true, null, []]);
});
