import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules } from '../../../../rules/engine/index.ts';
import { refusal, ruleText } from '../../shared.ts';

const PLACEHOLDERS = { Admins: ['root', 'adm_*'], Sites: ['a', 'b'], Empty: [] };

function matches(item: string, fields: Record<string, string | readonly string[]>): boolean {
  const text = ruleText(`s:\n  ${item}\ncondition: s`);
  const set = compileRules([{ path: 't.yml', text }], { placeholders: PLACEHOLDERS });
  assert.deepEqual(set.refused, []);
  return set.match({ fields }).length > 0;
}

describe('a placeholder', () => {
  it('stands for each of its configured values, which may hold wildcards', () => {
    assert.equal(matches("User|expand: '%Admins%'", { User: 'ROOT' }), true);
    assert.equal(matches("User|expand: '%Admins%'", { User: 'adm_joe' }), true);
    assert.equal(matches("User|expand: '%Admins%'", { User: 'joe' }), false);
    assert.equal(matches("User|contains|expand: 'x%Sites%-%Sites%'", { User: '1xA-b2' }), true);
    assert.equal(matches("User|expand: '%Empty%'", { User: '' }), false);
  });

  it('is nothing special without `expand`', () => {
    assert.equal(matches("User: '%Admins%'", { User: '%admins%' }), true);
    assert.equal(matches("User: '%Admins%'", { User: 'root' }), false);
  });

  it('looks the event up where nothing is configured', () => {
    const item = "File|expand: '/home/%User%/*'";
    assert.equal(matches(item, { File: '/home/Joe/x', User: 'joe' }), true);
    assert.equal(matches(item, { File: '/home/joe/x', User: 'eve' }), false);
    assert.equal(matches(item, { File: '/home/joe/x' }), false);
    assert.equal(matches(item, { File: '/home/b/x', User: ['a', 'b'] }), true);
    assert.equal(matches("File|expand|cased: '%User%'", { File: 'Joe', User: 'joe' }), false);
    assert.equal(matches("File|contains|expand: '[%User%]'", { File: 'x[j*e]', User: 'j*e' }), true);
    assert.equal(matches("File|contains|expand: '[%User%]'", { File: 'x[joe]', User: 'j*e' }), false);
  });

  it('is a percent sign behind a backslash, unless that is a path', () => {
    // The specification's example: `\%plain%name%`.
    assert.equal(matches("F|expand: '\\%plain%User%'", { F: '%plainjoe', User: 'joe' }), true);
    assert.equal(
      matches("F|expand: 'C:\\Users\\%User%\\Temp'", { F: 'c:\\users\\joe\\temp', User: 'joe' }),
      true,
    );
    assert.equal(matches("F|expand: '50\\% of'", { F: '50% of' }), true);
    assert.equal(matches("F|expand: '100% of %User%'", { F: '100% of joe', User: 'joe' }), true);
  });

  it('of an organisation must be filled', () => {
    for (const name of ['Administrators', 'JumpServers', 'Workstations', 'Servers', 'DomainControllers']) {
      const { code, line } = refusal(ruleText(`s:\n  F|expand: '%${name}%'\ncondition: s`));
      assert.deepEqual({ code, line }, { code: 'RULE_PLACEHOLDER_UNKNOWN', line: 4 });
    }
  });

  it('is refused where it cannot be looked up or stands for too much', () => {
    const code = (item: string): string => {
      const text = ruleText(`s:\n  ${item}\ncondition: s`);
      const placeholders = { Many: Array.from({ length: 40 }, (_, n) => `${n}`) };
      return compileRules([{ path: 't.yml', text }], { placeholders }).refused[0]?.code ?? 'taken';
    };
    assert.equal(code("F|expand|base64: '%User%'"), 'RULE_VALUE_INVALID');
    assert.equal(code("F|expand: 'a?%User%'"), 'RULE_VALUE_INVALID');
    assert.equal(code("F|expand: '%Many%%Many%'"), 'RULE_VALUE_INVALID');
    assert.equal(code("F|expand|base64: '%Many%'"), 'taken');
  });
});
