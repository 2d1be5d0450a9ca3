import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE, MANY, RuleDesk } from './desk.ts';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'rule-coverage.md');

/** Rules with tags of every framework, one without any. */
function tagged(): RuleDesk {
  const desk = new RuleDesk();
  const tags = (...list: string[]) => [`tags: [${list.join(', ')}]`];
  desk.rule('one', undefined, tags('attack.t1059.004', 'attack.execution', 'owasp.asi05', 'maestro.l4'));
  desk.rule(
    'two',
    undefined,
    tags('attack.T1059', 'attack.g0016', 'nist.csf.de.cm-09', 'nist.ai-rmf.map-3.5'),
  );
  desk.rule('three', undefined, tags('attack.t1059.004', 'attack.privilege_escalation', 'owasp.asi05'));
  desk.write('rules/one.yml', desk.read('rules/one.yml').replace('level: high', 'level: low'));
  desk.rule('bare', undefined, tags('cve.2026.1'));
  // A base rule without tags, which only its correlation speaks for.
  desk.write('rules/many.yml', `${MANY}tags: [attack.t1059.004]\n---\n${BASE}`);
  return desk;
}

test('each framework lists what its tags speak of and by which rules, the gravest first', () => {
  using desk = tagged();
  const { status, json } = desk.run(['coverage', 'rules', '--json']);
  assert.equal(status, 0);
  const { rules, frameworks, untagged } = json();
  assert.equal(rules, 5);
  const found = Object.fromEntries(
    frameworks.map(
      ({
        framework,
        entries,
      }: {
        framework: string;
        entries: { id: string; rules: { name: string }[] }[];
      }) => [framework, entries.map(({ id, rules: of }) => `${id}: ${of.map(({ name }) => name).join(' ')}`)],
    ),
  );
  assert.deepEqual(found, {
    'attack-technique': ['T1059: two', 'T1059.004: three many one'],
    'attack-tactic': ['execution: one', 'privilege-escalation: three'],
    'owasp-asi': ['ASI05: three one'],
    maestro: ['L4: one'],
    'nist-csf': ['DE.CM-09: two'],
    'nist-ai-rmf': ['MAP 3.5: two'],
  });
  const [techniques, , risks, layers] = frameworks;
  assert.equal(techniques.entries[1].link, 'https://attack.mitre.org/techniques/T1059/004/');
  assert.deepEqual(techniques.entries[1].rules[0], { rule: 'three', name: 'three', level: 'high' });
  assert.equal(risks.entries[0].title, 'Unexpected Code Execution');
  assert.equal(risks.uncovered.length, 9);
  assert.deepEqual(risks.uncovered[0], { id: 'ASI01', title: 'Agent Goal Hijack' });
  assert.equal(layers.uncovered.length, 6);
  assert.deepEqual(
    untagged.map(({ name }: { name: string }) => name),
    ['bare'],
  );
});

test('text and page name what has no rule', () => {
  using desk = tagged();
  const text = desk.run(['coverage', 'rules']);
  assert.equal(text.status, 0);
  assert.match(text.stdout, /^ {2}T1059\.004: three, many, one$/m);
  assert.match(text.stdout, /^ {2}ASI01 Agent Goal Hijack: no rule$/m);
  assert.match(text.stdout, /^without such tags: bare$/m);
  const page = desk.run(['coverage', 'rules', '--markdown']).stdout;
  assert.match(
    page,
    /^\| \[T1059\.004\]\(https:\S+\/T1059\/004\/\) \| `three` \(high\), `many` \(medium\), `one` \(low\) \|$/m,
  );
  assert.match(page, /^Without a rule: L1 Foundation Models; /m);
  assert.match(page, /^`bare` \(high\)\.$/m);
});

test('a rule file cannot write markup into the page', () => {
  using desk = new RuleDesk();
  desk.rule('evil', undefined, ['tags: ["attack.<b>|x`[y](z)", "nist.csf.a|b"]']);
  desk.write('rules/evil.yml', desk.read('rules/evil.yml').replace('name: evil', 'name: "e|`v<i>"'));
  const { stdout } = desk.run(['coverage', 'rules', '--markdown']);
  const rows = stdout.split('\n').filter((line) => line.includes('e&#124;'));
  assert.equal(rows.length, 2);
  for (const row of rows) {
    assert.equal(row.split('|').length, 4, row);
    assert.doesNotMatch(row, /[<>[\]]/);
  }
});

test('rules that are refused are told, and end in 1', () => {
  using desk = tagged();
  desk.write('rules/bad.yml', 'title: x\n');
  const { status, stderr, json } = desk.run(['coverage', 'rules', '--json']);
  assert.deepEqual([status, json().rules], [1, 5]);
  assert.match(stderr, /bad\.yml:1: .*RULE_DETECTION_MISSING/);
  assert.equal(desk.run(['coverage', 'rules', '--json', '--markdown']).status, 2);
});

test('docs/rule-coverage.md is what the command says of the pack (UPDATE_GOLDEN=1 rewrites it)', () => {
  using desk = new RuleDesk();
  const { status, stdout } = desk.run(['coverage', '--markdown']);
  assert.equal(status, 0);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(PAGE, stdout);
  assert.equal(readFileSync(PAGE, 'utf8'), stdout);
});
