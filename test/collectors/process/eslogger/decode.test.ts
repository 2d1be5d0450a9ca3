import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeLine } from '../../../../collectors/process/eslogger/decode.ts';
import { BOOT, golden, linesOf, names } from './golden-lines.ts';

const DAMAGED = 'damaged';

for (const name of names) {
  test(`what eslogger wrote becomes the events of the golden file: ${name}`, () => {
    const file = new URL(`${name}.events.jsonl`, golden);
    const text = linesOf(name)
      .map((line) => `${JSON.stringify(decodeLine(line, BOOT))}\n`)
      .join('');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
    assert.equal(text, readFileSync(file, 'utf8'));
  });
}

test('every message of a known shape is read, whichever version it has', () => {
  assert.ok(names.length > 5);
  for (const name of names.filter((other) => other !== DAMAGED))
    for (const line of linesOf(name)) assert.notEqual(decodeLine(line, BOOT).said.kind, 'unread', line);
});

test('both forms of an audit token tell the same process', () => {
  const idsOf = (name: string) =>
    linesOf(name).map((line) => {
      const { said } = decodeLine(line, BOOT);
      return 'pid' in said && 'uid' in said ? [said.kind, said.pid, said.uid] : said;
    });
  assert.deepEqual(idsOf('macos-26-beta-message-10'), idsOf('macos-26-message-10'));
});

test('a secret in the environment or in a line that cannot be read goes nowhere', () => {
  const all = names.flatMap(linesOf);
  assert.ok(all.filter((line) => line.includes('ghp_')).length > 5);
  for (const line of all) assert.doesNotMatch(JSON.stringify(decodeLine(line, BOOT)), /ghp_|API_TOKEN/);
});

test('arguments beyond 131,072 characters are cut, and the cut is told', () => {
  const [, exec = ''] = linesOf('macos-15-message-9');
  const withArguments = (args: readonly (string | null)[]) => {
    const message = JSON.parse(exec);
    message.event.exec.args = args;
    const { said } = decodeLine(JSON.stringify(message), BOOT);
    assert.ok(said.kind === 'process_exec');
    return [said.argv.length, said.argv.join('').length, said.truncated];
  };
  assert.deepEqual(withArguments(['sh', 'x'.repeat(131_069)]), [2, 131_071, false]);
  assert.deepEqual(withArguments(['sh', 'x'.repeat(131_070)]), [2, 131_071, true]);
  assert.deepEqual(withArguments(Array(200_000).fill('')), [131_072, 0, true]);
  assert.deepEqual(withArguments([]), [0, 0, false]);
  assert.deepEqual(withArguments(['sh', null, 'x']), [3, 4, true]);
});

test('nesting of any depth is read as a line that tells nothing', () => {
  const depth = 1_000_000;
  const nested = '['.repeat(depth) + ']'.repeat(depth);
  const kind = (line: string) => decodeLine(line, BOOT).said.kind;
  assert.equal(kind(nested), 'unread');
  assert.equal(kind(`{"process":${nested}}`), 'unread');
  assert.equal(kind(`${'{"event":'.repeat(depth)}1${'}'.repeat(depth)}`), 'unread');
});

test('whatever a line holds, it is read or refused, and nothing is thrown', () => {
  const lines = fc.constantFrom(...names.flatMap(linesOf));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (line) => {
      assert.equal(decodeLine(line, BOOT).said.kind, 'unread');
    }),
  );
  fc.assert(
    fc.property(lines, fc.nat(), fc.string({ unit: 'binary', maxLength: 8 }), (line, at, text) => {
      const cut = at % line.length;
      decodeLine(line.slice(0, cut) + text + line.slice(cut + text.length), BOOT);
    }),
  );
});

test('any value in place of any other is read or refused, and prototypes stay as they are', () => {
  const [, exec = ''] = linesOf('macos-15-message-9');
  const keys = ['process', 'event', 'time', 'exec', 'target', 'args', 'audit_token', 'pid', '__proto__'];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      const line = exec.replace(`"${key}":`, `"${key}":${JSON.stringify(value)},"other":`);
      decodeLine(line, BOOT);
      assert.equal(Object.hasOwn(Object.prototype, 'event'), false);
    }),
  );
});
