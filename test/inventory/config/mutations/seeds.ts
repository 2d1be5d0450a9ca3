import type { ConfigFormat } from '../../../../inventory/config/document.ts';
import { binaryPlist } from '../binary-plist.ts';

type Some<Item> = readonly [Item, ...Item[]];

const BOM = '\ufeff';

/** Small configs of every shape that the format allows: the smaller, the more of them a second sees. */
const TEXT_SEEDS: Readonly<Record<ConfigFormat, Some<string>>> = {
  jsonc: [
    '{"mcpServers":{"a":{"command":"npx","args":["-y","x@1"],"env":{"K":"v"}},"b":{"url":"https://e.x/sse"}}}',
    `${BOM}// c\r\n{"servers": {"a": {"type": "http", "url": "u", "headers": {"H": "\${x}"}, /* y */ }, }, }`,
    '{"mcp":{"s":{"type":"local","command":["a","b"],"enabled":true}},"n":[1,-2.5e3,null,[[]],{}]}',
    '{"projects":{"/p":{"mcpServers":{"a":{"cmd":"\\u0041\\n","args":[1,{}]}}}},"amp.mcpServers":{"x":{}}}',
    '{"context_servers":{"z":{"command":{"path":"p","args":["q"],"env":{}}}},"__proto__":{"command":"x"}}',
  ],
  toml: [
    '[mcp_servers.a]\ncommand = "npx"\nargs = ["-y", \'x\']\nenv = { K = "v", "L.m" = 1 }\n',
    '# c\r\n[[mcp_servers]]\r\nname = "a"\r\ncommand = """m\r\n\\\r\n x"""\r\n[[mcp_servers]]\r\nname = \'b\'\r\n',
    "mcp_servers.\"q.r\".command = '''x'''\nd = 1979-05-27T07:32:00Z\nf = [inf, -1_000, 0xFF, [1, [2,],],]\n",
    '[a.b]\nx = true\n[a]\ny = {z.w = 1}\n["a"."c".\'d\']\nurl = "\\u00e9"\n',
  ],
  yaml: [
    'extensions:\n  a:\n    cmd: npx\n    args: [-y, x]\n',
    'mcpServers:\n- name: a\n  command: x\n- {name: b, url: u}\n',
    'b: &b {k: 1}\nextensions: {a: {<<: *b, cmd: x}}\n',
    'a: |\n  t\n  u\nb: "\\x41"\nc: !!set {d}\n',
    '? [k]\n: 2020-01-01\n# c\n--- \n*a\n',
  ],
  plist: [
    '<?xml version="1.0"?><plist version="1.0"><dict><key>mcpServers</key><dict><key>a</key><dict><key>command</key><string>x</string></dict></dict></dict></plist>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://e.x/d"><plist><dict><key>c</key><data>YQ==</data></dict></plist>',
    '<plist><dict>\r\n<key>&#65;&amp;</key><array><integer>-1</integer><real>1.5</real><true/><date>2020-01-01T00:00:00Z</date></array></dict></plist>',
    '<plist><dict><key>a</key><string><![CDATA[<b>]]></string><!-- c --><key>d</key><dict/></dict></plist>',
  ],
};

const TOKENS: Readonly<Record<ConfigFormat, Some<string>>> = {
  jsonc: [
    '{',
    '}',
    '[',
    ']',
    '{"a":',
    '[[',
    '"',
    ',',
    ':',
    '\\u',
    '\\',
    '//',
    '/*',
    '*/',
    '\n',
    '\r',
    '\u0085',
    '\0',
    BOM,
    '1e999',
    'null',
    '"__proto__":',
    '"mcpServers":{',
    '"constructor"',
  ],
  toml: [
    '[',
    ']',
    '[[',
    ']]',
    '{',
    '}',
    '{a=',
    '"',
    "'",
    '"""',
    "'''",
    '=',
    '.',
    'a.',
    ',',
    '#',
    '\n',
    '\r',
    '\r\n',
    '\\',
    '\u0085',
    '\0',
    BOM,
    '[a]\n',
    '[[a]]\n',
    'a=1\n',
    '__proto__',
    '"constructor"',
    '9',
  ],
  yaml: [
    '- ',
    '? ',
    ': ',
    ':',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '*a,',
    '<<: *a\n',
    '<<: ',
    '!',
    '!!binary ',
    '!!omap ',
    '!!merge ',
    '!<constructor> ',
    '|',
    '>',
    '"',
    "'",
    '#',
    '\n',
    '\r',
    '\t',
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '\u0085',
    '\0',
    BOM,
    '__proto__: ',
    'constructor',
    ',',
  ],
  plist: [
    '<dict>',
    '</dict>',
    '<array>',
    '</array>',
    '<key>a</key>',
    '<string>',
    '</string>',
    '<true/>',
    '<',
    '>',
    '&',
    '&lt;',
    '&#0;',
    '&#x110000;',
    '&constructor;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<!ENTITY a "b">',
    '<!DOCTYPE a [',
    '<?x ?>',
    '\n',
    '\r',
    '\u0085',
    '\0',
    BOM,
    '__proto__',
    ' a="b"',
  ],
};

/** Bytes that mean something in a binary plist, and the marks of other encodings. */
const BINARY_TOKENS: readonly Buffer[] = [
  [0xff, 0xfe],
  [0xfe, 0xff],
  [0xd8, 0x00],
  [0xa1, 0x00],
  [0xd1, 0x00, 0x00],
  [0xaf, 0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x5f, 0x14],
  [0x6f, 0x10, 0xff],
  [0x7f],
  [0x80],
  [0xc3, 0x28],
].map((bytes) => Buffer.from(bytes));

export function seedsOf(format: ConfigFormat): Some<Buffer> {
  const [first, ...texts] = TEXT_SEEDS[format].map((text) => Buffer.from(text));
  const wide = Buffer.from(`${BOM}${TEXT_SEEDS[format][0]}`, 'utf16le');
  const binary = format === 'plist' ? BINARY_SEEDS : [];
  return [first ?? wide, ...texts, wide, ...binary];
}

export function tokensOf(format: ConfigFormat): Some<Buffer> {
  const [first, ...tokens] = TOKENS[format].map((text) => Buffer.from(text));
  return [first ?? Buffer.alloc(1), ...tokens, ...BINARY_TOKENS];
}

const BINARY_SEEDS: readonly Buffer[] = [
  binaryPlist({ mcpServers: { a: { command: 'x', args: ['é', 1, -1, 1.5, true, null] } } }),
  binaryPlist({ config_toml_base64: Buffer.from('a'), at: new Date(0), n: [[], {}, [[]]] }),
  binaryPlist({ a: 'a text that is longer than fourteen characters', b: Array(20).fill(7) }),
].flatMap((seed) => [seed, seed, seed]);
