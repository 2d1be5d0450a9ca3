import fc from 'fast-check';

/** Any text, control characters and astral ones among it. */
export const text = fc.string({ maxLength: 12, unit: 'binary' });
const fieldValue = fc.oneof(
  text,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
);
const fieldName = fc.oneof(
  fc.constantFrom(
    'Image',
    'CommandLine',
    'ProcessId',
    'User',
    'TargetFilename',
    'DestinationIp',
    'DestinationPort',
    'DestinationHostname',
  ),
  text,
);
const anyTag = fc.oneof(
  text,
  fc.constantFrom(
    'attack.execution',
    'attack.defense_evasion',
    'attack.t1059.004',
    'attack.T1195',
    'atlas.aml.t0051.001',
  ),
);
/** An alert as a hostile agent might send it. */
export const anyAlert = fc.record({
  id: text,
  seq: fc.integer({ min: 1 }),
  time: fc.oneof(
    text,
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  ),
  host: text,
  user: text,
  rule: fc.record({
    id: text,
    name: fc.oneof(text, fc.constant('mcp_call_denied')),
    title: text,
    level: fc.constantFrom('informational', 'low', 'medium', 'high', 'critical'),
    tags: fc.array(anyTag, { maxLength: 4 }),
    author: fc.option(text),
    license: fc.option(text),
  }),
  server: fc.option(
    fc.record({
      id: text,
      client: text,
      name: text,
      state: fc.constantFrom('approved', 'drifted', 'pending'),
    }),
  ),
  event: fc.dictionary(fieldName, fieldValue, { maxKeys: 8 }),
  actor: fc.option(fc.record({ pid: fc.integer(), exe: text, cmdline: text, in_subtree: fc.boolean() })),
  ancestry: fc.array(
    fc.record({ pid: fc.integer(), start: fc.integer(), exe: text, cmdline: text, user: text }),
    { maxLength: 3 },
  ),
  change: fc.option(
    fc.record({
      artefact: fc.record({
        role: fc.oneof(text, fc.constantFrom('script', 'config', 'package')),
        path: text,
      }),
      before: fc.option(fc.oneof(text, fc.constant('a'.repeat(64)))),
      after: fc.option(text),
      diff: fc.option(text),
    }),
  ),
  count: fc.integer({ min: 1 }),
});
