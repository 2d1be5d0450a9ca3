import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RulePackOptions, rulesPack, rulesSign, rulesVerify } from '../../cli/commands/rule-pack.ts';
import type { Installation } from '../../cli/installation.ts';
import { makeOutput, type Output } from '../../cli/output.ts';
import { rule, signedPack, trustedKey } from '../agent/rules/samples.ts';
import { TempDirectory } from '../temp-directory.ts';

/** A place with a rule that comes with Sealwatch, and what a command said there. */
class Desk implements Disposable {
  readonly directory = new TempDirectory();
  readonly said: string[] = [];
  readonly answers: string[] = [];
  readonly options: RulePackOptions = { stateDir: this.directory.at('state') };

  constructor() {
    this.directory.write('own/own.yml', rule('own', 'x'));
    this.directory.write('rules/a.yml', rule('a', 'x'));
  }

  get install(): Installation {
    return {
      root: this.directory.path,
      version: '0',
      rules: this.directory.at('own'),
      sensor: null,
      launcher: null,
      relay: null,
    };
  }

  output(json = false): Output {
    return {
      ...makeOutput(json),
      answer: (text) => void this.answers.push(text),
      answerJson: (value) => void this.answers.push(JSON.stringify(value)),
      say: (text) => void this.said.push(text),
    };
  }

  pack(more: Partial<RulePackOptions> = {}): Promise<number> {
    const options = { ...this.options, version: 1, ...more };
    return rulesPack(this.directory.at('rules'), options, this.install, this.output());
  }

  verify(text: string, json = true, more: Partial<RulePackOptions> = {}): number {
    const file = this.directory.write('pack.dsse.json', text);
    return rulesVerify(file, { ...this.options, ...more }, this.install, this.output(json));
  }

  /** The last answer. */
  get last(): string {
    return this.answers.at(-1) ?? '';
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}

test('a packed directory is verified with its name, version, signers and the rules that load', async () => {
  using desk = new Desk();
  const key = trustedKey(desk.options.stateDir);
  desk.directory.write('rules/deep/b.yaml', rule('b', 'x'));
  desk.directory.write('rules/b.hit.jsonl', '{}');
  assert.equal(await desk.pack({ version: 3, name: 'fleet', key: 'approver' }), 0);
  assert.equal(desk.verify(desk.last), 0);
  const { created, ...rest } = JSON.parse(desk.last);
  assert.ok(Date.parse(created) > 0);
  const name = key.signer.id.slice(0, 16);
  assert.deepEqual(rest, {
    name: 'fleet',
    version: 3,
    signers: [{ id: key.signer.id, name }],
    rules: ['a', 'b'],
    refused: [],
  });
});

test('the name is that of the directory, and the first key is made where there is none', async () => {
  using desk = new Desk();
  assert.equal(await desk.pack(), 0);
  assert.equal(desk.verify(desk.last, false), 0);
  const text = desk.answers.slice(1).join('\n');
  for (const words of [/rules 1/, /signed by/, /1 load, 0 are refused/, /^ {2}a$/m])
    assert.match(text, words);
});

test('nothing is signed of which a rule is refused, but for a placeholder that hosts fill', async () => {
  using desk = new Desk();
  desk.directory.write('rules/p.yml', rule('p', 'x').replace('F: x', "F|expand: '%admins%'"));
  assert.equal(await desk.pack(), 0);
  desk.directory.write('rules/bad.yml', 'title: [\n');
  desk.answers.length = 0;
  assert.equal(await desk.pack(), 1);
  assert.deepEqual(desk.answers, []);
  assert.match(desk.said.join('\n'), /^bad\.yml:2: .*RULE_YAML_INVALID/m);
});

test('a rule of a pack may take the place of one of ours, with its id', async () => {
  using desk = new Desk();
  desk.directory.write('rules/own.yml', rule('own', 'y'));
  assert.equal(await desk.pack(), 0);
  assert.equal(desk.verify(desk.last), 0);
  assert.deepEqual(JSON.parse(desk.last).rules.toSorted(), ['a', 'own']);
});

test('a second approver adds a signature, which production may ask for', async () => {
  using desk = new Desk();
  trustedKey(desk.options.stateDir, 'one');
  trustedKey(desk.options.stateDir, 'two');
  desk.directory.write('state/trust/policy.json', { threshold: { developer: 1, production: 2 } });
  await desk.pack({ key: 'one' });
  const one = desk.last;
  assert.throws(() => desk.verify(one, true, { profile: 'production' }), {
    code: 'APPROVAL_SIGNATURES_TOO_FEW',
  });
  const file = desk.directory.write('one.json', one);
  assert.equal(await rulesSign(file, { ...desk.options, key: 'two' }, desk.output()), 0);
  assert.equal(desk.verify(desk.last, true, { profile: 'production' }), 0);
  assert.equal(JSON.parse(desk.last).signers.length, 2);
});

test('a pack of which this version refuses a rule, one that was changed, and a file that is none are told apart', async () => {
  using desk = new Desk();
  const key = trustedKey(desk.options.stateDir);
  const good = await signedPack(key, 1, { 'a.yml': rule('a', 'x') });
  assert.equal(desk.verify(good), 0);
  assert.equal(desk.verify(await signedPack(key, 1, { 'a.yml': rule('a', 'x'), 'b.yml': 'title: [\n' })), 1);
  const [refusal] = JSON.parse(desk.last).refused;
  assert.deepEqual([refusal.path, refusal.line, refusal.code], ['b.yml', 2, 'RULE_YAML_INVALID']);
  const { payload, ...rest } = JSON.parse(good);
  const forged = Buffer.from(payload, 'base64').toString().replace('F: x', 'F: y');
  const changed = JSON.stringify({ ...rest, payload: Buffer.from(forged).toString('base64') });
  assert.throws(() => desk.verify(changed), { code: 'APPROVAL_SIGNATURE_INVALID' });
  const none = desk.directory.at('none');
  assert.throws(() => rulesVerify(none, desk.options, desk.install, desk.output()), {
    code: 'CLI_FILE_UNREADABLE',
  });
});

test('a version that is no whole number from one is a fault of usage', async () => {
  using desk = new Desk();
  for (const version of [0, 1.5, Number.NaN, -1])
    await assert.rejects(desk.pack({ version }), { code: 'CLI_USAGE' });
});
