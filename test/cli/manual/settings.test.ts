import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { described } from '../../../cli/manual/described-settings.ts';
import { settingRows } from '../../../cli/manual/doc-tables.ts';
import { settingsByType, settingsOf } from '../../../cli/manual/settings.ts';

const schema = z.strictObject({
  place: z.string(),
  level: z.enum(['low', 'high']).default('low'),
  size: z.int().min(1).max(9).nullable().default(null),
  file: z
    .string()
    .refine((path) => path.startsWith('/'))
    .nullable()
    .default(null),
  bytes: z.number().default(2 * 1024 ** 3),
  group: z.strictObject({ inner: z.boolean().default(false) }).prefault({}),
  list: z.array(z.strictObject({ name: z.string().min(1) })).max(4),
});
const ROWS = `
| key | is | unless told |
|---|---|---|
| \`place\` | where | |
| \`level\` | which | low |
| \`size\` | a \\| b | any |
| \`file\` | which file | none |
| \`bytes\` | how much | 2 |
| \`group.inner\` | whether | no |
| \`list.name\` | whose | |

| word | is |
|---|---|
| \`other\` | no setting |
`;

test('a schema tells keys, what they take, and their defaults', () => {
  const told = settingsOf(schema).map(({ key, takes, required, fallback }) => [
    key,
    takes,
    required,
    fallback,
  ]);
  assert.deepEqual(told, [
    ['place', 'text', true, null],
    ['level', 'one of low, high', false, 'low'],
    ['size', 'whole number from 1 to 9, or null', false, null],
    ['file', 'text, or null', false, null],
    ['bytes', 'number', false, '2147483648 (2 GiB)'],
    ['group', 'map', false, null],
    ['group.inner', 'true or false', false, 'false'],
    ['list', 'list of: map, 4 at the most', true, null],
    ['list.name', 'text', true, null],
  ]);
});

test('entries that are told apart by their type have the settings of each', () => {
  const feeds = z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a'), one: z.string() }),
      z.strictObject({ type: z.literal('b'), two: z.string() }),
    ]),
  );
  const told = settingsByType(feeds).map(({ type, settings }) => [type, settings.map(({ key }) => key)]);
  assert.deepEqual(told, [
    ['a', ['type', 'one']],
    ['b', ['type', 'two']],
  ]);
});

test('settings are joined with their rows, and other tables are no settings', () => {
  const rows = settingRows(ROWS);
  assert.deepEqual(rows[2], { key: 'size', words: 'a | b', fallback: 'any' });
  const words = described(settingsOf(schema), rows).map((setting) => `${setting.key}: ${setting.words}`);
  assert.deepEqual(words.slice(-2), ['group.inner: whether', 'list.name: whose']);
});

test('a setting without a row, a row without a setting, a second row and an empty one are all told', () => {
  const rows = settingRows(
    `${ROWS.replace('| `place` | where | |\n', '').replace('which', '')}\n| key | is |\n|---|---|\n| \`gone\` | x |\n| \`level\` | y |\n`,
  );
  assert.throws(
    () => described(settingsOf(schema), rows),
    ({ message }: Error) => {
      assert.deepEqual(message.split('\n').toSorted(), [
        'gone is described and is no setting',
        'level has no words',
        'level is described more than once',
        'place is a setting that the documentation does not describe',
      ]);
      return true;
    },
  );
});
