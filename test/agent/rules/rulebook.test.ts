import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { AgentError } from '../../../agent/errors.ts';
import { PackShelf } from '../../../agent/rules/pack-shelf.ts';
import { RuleBook, type RuleEdition } from '../../../agent/rules/rulebook.ts';
import type { RuleSettings } from '../../../agent/rules/settings.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { idOf, rule, settings, signedPack, trustedKey } from './samples.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');

/** A rule book with one rule of its own, `own`, and a directory of rules. */
class Book implements Disposable {
  readonly directory = new TempDirectory();
  readonly meta = new Map<string, string>();
  #book: RuleBook;

  constructor() {
    this.directory.write('builtin/own.yml', rule('own', 'own'));
    mkdirSync(this.directory.at('rules'));
    this.#book = this.#open();
  }

  #open(): RuleBook {
    const { meta } = this;
    const stateDir = this.directory.at('state');
    const shelf = new PackShelf({
      stateDir,
      systemTrust: null,
      stance: { profile: 'developer' },
      meta: { get: (key) => meta.get(key) ?? null, set: (key, value) => void meta.set(key, value) },
    });
    return new RuleBook({ builtin: [this.directory.at('builtin')], shelf });
  }

  /** As an agent that begins anew. */
  restart(): void {
    this.#book = this.#open();
  }

  edition(more: Partial<RuleSettings> = {}, now = NOW): RuleEdition {
    return this.#book.edition(settings({ rules: [this.directory.at('rules')], ...more }), now);
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}

function names({ set }: RuleEdition): readonly string[] {
  return set.rules.map(({ name }) => name).sort();
}

/** Names of the rules that match where `F` is a value. */
function hits({ set }: RuleEdition, value: string): readonly string[] {
  return set.match({ fields: { F: value, 'mcp.in_subtree': true } }).map(({ name }) => name);
}

test('rules of the config come and go with their files', () => {
  using book = new Book();
  book.directory.write('rules/a.yml', rule('a', 'x'));
  assert.deepEqual(names(book.edition()), ['a', 'own']);
  book.directory.write('rules/deep/b.yml', rule('b', 'x'));
  rmSync(book.directory.at('rules/a.yml'));
  const edition = book.edition();
  assert.deepEqual([names(edition), edition.stale, edition.refused], [['b', 'own'], [], []]);
});

test('a rule that no longer parses stays as it was until it is mended', () => {
  using book = new Book();
  const path = book.directory.write('rules/a.yml', rule('a', 'x'));
  book.edition();
  book.directory.write('rules/a.yml', 'title: [\n');
  for (let round = 0; round < 2; round += 1) {
    const broken = book.edition();
    assert.deepEqual([hits(broken, 'x'), broken.stale], [['a'], [path]]);
    assert.deepEqual(
      broken.refused.map(({ path: at, code }) => [at, code]),
      [[path, 'RULE_YAML_INVALID']],
    );
  }
  book.directory.write('rules/a.yml', rule('a', 'y'));
  const mended = book.edition();
  assert.deepEqual([hits(mended, 'x'), hits(mended, 'y'), mended.stale, mended.refused], [[], ['a'], [], []]);
});

test('a file of which a rule was always refused is taken as it is', () => {
  using book = new Book();
  const bad = 'title: bad\ndetection: {}\n';
  book.directory.write('rules/a.yml', `${rule('a', 'x')}---\n${bad}`);
  const first = book.edition();
  assert.deepEqual([hits(first, 'x'), first.refused.length], [['a'], 1]);
  book.directory.write('rules/a.yml', `${rule('a', 'y')}---\n${bad}`);
  const next = book.edition();
  assert.deepEqual([hits(next, 'y'), next.stale, next.refused.length], [['a'], [], 1]);
});

test('of a file with a broken rule among good ones the last good version stays as a whole', () => {
  using book = new Book();
  book.directory.write('rules/a.yml', `${rule('a', 'x')}---\n${rule('b', 'x')}`);
  book.edition();
  book.directory.write('rules/a.yml', `${rule('a', 'y')}---\n${rule('b', 'x').replace('condition: s', '')}`);
  const edition = book.edition();
  assert.deepEqual([hits(edition, 'x'), hits(edition, 'y')], [['a', 'b'], []]);
});

test('a rule that was renamed in a file without fault is not kept', () => {
  using book = new Book();
  book.directory.write('rules/a.yml', rule('a', 'x'));
  book.edition();
  book.directory.write('rules/a.yml', rule('b', 'x'));
  assert.deepEqual(names(book.edition()), ['b', 'own']);
});

test('what cannot be read stays as it was, but at the start it must be readable', () => {
  using book = new Book();
  const code = (error: unknown) => error instanceof AgentError && error.code === 'AGENT_RULES_UNREADABLE';
  const missing = book.directory.at('none');
  assert.throws(() => book.edition({ rules: [missing] }), code);
  book.directory.write('rules/a.yml', rule('a', 'x'));
  book.edition();
  rmSync(book.directory.at('rules'), { recursive: true });
  const gone = book.edition({ rules: [book.directory.at('rules'), missing] });
  assert.deepEqual(names(gone), ['a', 'own']);
  assert.deepEqual(
    gone.unread.map(({ path, code: why }) => [path, why]),
    [book.directory.at('rules'), missing].map((path) => [path, 'AGENT_RULES_UNREADABLE']),
  );
});

test('changes and exceptions of the config count until they end, and one without effect is warned of', () => {
  using book = new Book();
  book.directory.write('rules/a.yml', `${rule('a', 'x')}---\n${rule('b', 'x')}`);
  const until = new Date(NOW).toISOString();
  const filter = { filter: { rules: ['b'], s: { G: 'known' }, condition: 'not s' } };
  const tuned = {
    rule_changes: [
      { rule: 'a', level: 'critical', until, reason: 'r' },
      { rule: 'own', disable: true, until, reason: 'r' },
      { rule: 'nobody', disable: true, reason: 'r' },
    ],
    exceptions: [
      { filter, until, reason: 'r' },
      { filter: { filter: { ...filter.filter, rules: ['nothing'] } }, reason: 'r' },
    ],
  } as const satisfies Partial<RuleSettings>;
  const look = (now: number) => {
    const edition = book.edition(
      { ...tuned, rule_changes: [...tuned.rule_changes], exceptions: [...tuned.exceptions] },
      now,
    );
    const { set } = edition;
    const known = set.match({ fields: { F: 'x', G: 'known', 'mcp.in_subtree': true } });
    return [
      known.map(({ name, level }) => `${name} ${level}`),
      [...set.silent].map(({ name }) => name),
      set,
    ] as const;
  };
  const [before, silent, set] = look(NOW - 1);
  assert.deepEqual([before, silent], [['a critical'], ['own']]);
  assert.deepEqual(
    set.warnings
      .map(({ code }) => code)
      .filter((code) => code.endsWith('WITHOUT_EFFECT'))
      .sort(),
    ['RULE_ADJUSTMENT_WITHOUT_EFFECT', 'RULE_FILTER_WITHOUT_EFFECT'],
  );
  const [after, silentAfter] = look(NOW);
  assert.deepEqual([after, silentAfter], [['a medium', 'b medium'], []]);
});

test('rule files that others could have written are named, ours are not', () => {
  using book = new Book();
  book.directory.write('rules/a.yml', rule('a', 'x'));
  assert.deepEqual(book.edition().exposed, []);
  const path = book.directory.write('rules/b.yml', rule('b', 'x'), 0o666);
  assert.deepEqual(book.edition().exposed, [path]);
});

test('placeholders have the values of the config', () => {
  using book = new Book();
  book.directory.write('rules/a.yml', rule('a', 'x').replace('F: x', "F|expand: '%admins%'"));
  const edition = book.edition({ placeholders: { admins: ['root', 'toor'] } });
  assert.deepEqual(hits(edition, 'toor'), ['a']);
  assert.deepEqual(hits(book.edition(), 'toor'), []);
});

test('rules of a signed pack replace ours of the same name, others are added', async () => {
  using book = new Book();
  const key = trustedKey(book.directory.at('state'));
  const rule_pack = book.directory.write(
    'p',
    await signedPack(key, 1, {
      'own.yml': rule('own', 'z').replace(idOf('own'), idOf('new own')),
      'n.yml': rule('n', 'z'),
    }),
  );
  const edition = book.edition({ rule_pack });
  assert.deepEqual([hits(edition, 'own'), hits(edition, 'z').toSorted()], [[], ['n', 'own']]);
  assert.deepEqual([edition.pack, edition.packFaults], [{ name: 'fleet', version: 1 }, []]);
  assert.deepEqual([names(edition), edition.refused], [['n', 'own'], []]);
  assert.deepEqual(names(book.edition()), ['own'], 'no pack without the setting');
});

test('a pack that cannot be used leaves the last good one in force, also over a restart', async () => {
  using book = new Book();
  const key = trustedKey(book.directory.at('state'));
  using elsewhere = new TempDirectory();
  const stranger = trustedKey(elsewhere.path);
  const good = { 'n.yml': rule('n', 'good') };
  const rule_pack = book.directory.write('p', await signedPack(key, 5, good));
  assert.deepEqual(names(book.edition({ rule_pack })), ['n', 'own']);
  const bad: readonly (readonly [string, string, string | null])[] = [
    ['older', 'AGENT_RULE_PACK_ROLLED_BACK', await signedPack(key, 4, { 'n.yml': rule('n', 'old') })],
    [
      'same version, other rules',
      'AGENT_RULE_PACK_ROLLED_BACK',
      await signedPack(key, 5, { 'n.yml': rule('n', 'two') }),
    ],
    ['same version, other name', 'AGENT_RULE_PACK_ROLLED_BACK', await signedPack(key, 5, good, 'other')],
    ['signed by a stranger', 'APPROVAL_SIGNER_UNTRUSTED', await signedPack(stranger, 6, good)],
    ['no envelope', 'APPROVAL_NOT_JSON', 'x'],
    [
      'one rule of two refused',
      'AGENT_RULE_PACK_BROKEN',
      await signedPack(key, 6, { ...good, 'b.yml': 'title: [\n' }),
    ],
    ['gone', 'AGENT_RULE_PACK_UNREADABLE', null],
  ];
  for (const [what, code, text] of bad) {
    if (text === null) rmSync(rule_pack);
    else book.directory.write('p', text);
    for (const life of ['running', 'restarted']) {
      if (life === 'restarted') book.restart();
      const edition = book.edition({ rule_pack });
      assert.deepEqual([hits(edition, 'good'), edition.pack?.version], [['n'], 5], `${what}, ${life}`);
      assert.deepEqual(
        edition.packFaults.map((fault) => [fault.path, fault.code]),
        [[rule_pack, code]],
        `${what}, ${life}`,
      );
    }
  }
  book.directory.write('p', await signedPack(key, 6, { 'n.yml': rule('n', 'six') }));
  const next = book.edition({ rule_pack });
  assert.deepEqual([hits(next, 'six'), next.pack?.version, next.packFaults], [['n'], 6, []]);
});

test('the copy of the last good pack is believed no more than any other file', async () => {
  using book = new Book();
  const key = trustedKey(book.directory.at('state'));
  const rule_pack = book.directory.write('p', await signedPack(key, 5, { 'n.yml': rule('n', 'x') }));
  book.edition({ rule_pack });
  rmSync(rule_pack);
  for (const copy of [await signedPack(key, 4, { 'n.yml': rule('n', 'old') }), 'x']) {
    book.directory.write('state/rules/pack.dsse.json', copy);
    book.restart();
    const edition = book.edition({ rule_pack });
    assert.deepEqual([names(edition), edition.pack, edition.packFaults.length], [['own'], null, 2]);
  }
});

test('a rule of the config cannot spoil a signed pack by taking an id of it', async () => {
  using book = new Book();
  const key = trustedKey(book.directory.at('state'));
  book.directory.write('rules/a.yml', rule('a', 'x').replace(idOf('a'), idOf('n')));
  const rule_pack = book.directory.write('p', await signedPack(key, 1, { 'n.yml': rule('n', 'z') }));
  const edition = book.edition({ rule_pack });
  assert.deepEqual([names(edition), edition.packFaults], [['n', 'own'], []]);
  assert.deepEqual(
    edition.refused.map(({ code }) => code),
    ['RULE_ID_DUPLICATE'],
  );
});

test('an agent that could never say a word does not start', () => {
  using book = new Book();
  book.directory.write('builtin/own.yml', 'title: [\n');
  book.restart();
  assert.throws(() => book.edition(), { code: 'AGENT_RULES_NONE' });
});
