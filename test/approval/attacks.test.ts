import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Envelope, parseEnvelope, signEnvelope } from '../../approval/envelope/dsse.ts';
import type { ApprovalErrorCode } from '../../approval/errors.ts';
import { readEnvelope } from '../../approval/store/approval-files.ts';
import { examine, type Grounds } from '../../approval/verdict/judge.ts';
import { canonicalJson } from '../../inventory/index.ts';
import { TempDirectory } from '../temp-directory.ts';
import { artefact, candidate, Decisions, digestOf, GROUNDS, grounds, NOW } from './candidate.ts';

const SECOND = 1_000;
const after = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);

/** An approved server, and what an attacker may do to the one file that approves it. */
class Target {
  readonly decisions: Decisions;
  readonly path: string;

  private constructor(decisions: Decisions, path: string) {
    this.decisions = decisions;
    this.path = path;
  }

  static async approved(stateDir: string, more: Parameters<Decisions['approve']>[1] = {}): Promise<Target> {
    const decisions = new Decisions(stateDir);
    const { path } = await decisions.approve(candidate(), more);
    assert.equal(decisions.judge(candidate(), grounds({ group: 'eng' })).state, 'approved');
    return new Target(decisions, path);
  }

  envelope(): Envelope {
    return readEnvelope(this.path);
  }

  replace(text: string): void {
    writeFileSync(this.path, text);
  }

  /** Even the signer itself signs the changed statement: only what it says can be refused. */
  async resign(change: (statement: { subject: Named[]; predicate: object }) => object): Promise<void> {
    const statement = JSON.parse(Buffer.from(this.envelope().payload, 'base64').toString());
    const payload = Buffer.from(canonicalJson(change(statement) as never));
    this.replace(JSON.stringify(await signEnvelope(payload, (await this.decisions.request()).signer)));
  }

  code(server = candidate(), more: Partial<Grounds> = {}): ApprovalErrorCode | null {
    const { state, code } = this.decisions.judge(server, more);
    assert.equal(state === 'approved', code === null);
    return code;
  }
}
interface Named {
  name: string;
  digest: { sha256: string };
}

test('a stripped signature is refused', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  target.replace(JSON.stringify({ ...target.envelope(), signatures: [] }));
  assert.equal(target.code(), 'APPROVAL_SIGNATURE_MISSING');
});

test('an approval is refused for another server, user, profile and host group', async () => {
  using state = new TempDirectory();
  const contexts = { profiles: ['developer' as const], host_groups: ['eng'], users: ['alice'] };
  const target = await Target.approved(state.path, { contexts });
  const here = grounds({ group: 'eng' });
  assert.equal(target.code(candidate(), here), null);
  assert.equal(target.code(candidate({ name: 'other' }), here), 'APPROVAL_SERVER_MISMATCH');
  assert.equal(target.code(candidate({ user: 'bob' }), here), 'APPROVAL_USER_MISMATCH');
  const production = grounds({ group: 'eng', profile: 'production' });
  assert.equal(target.code(candidate(), production), 'APPROVAL_PROFILE_MISMATCH');
  for (const group of ['sales', null])
    assert.equal(target.code(candidate(), grounds({ group })), 'APPROVAL_GROUP_MISMATCH');
  const [stored] = target.decisions.load();
  assert.ok(stored?.kind === 'valid');
  assert.equal(examine(stored, candidate({ name: 'x' }), here)?.code, 'APPROVAL_SERVER_MISMATCH');
});

test('changed payloads and types are refused by the signature', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  const envelope = target.envelope();
  target.replace(JSON.stringify({ ...envelope, payloadType: 'application/json' }));
  assert.equal(target.decisions.load()[0]?.kind, 'invalid');
  assert.equal(target.code(), 'APPROVAL_PAYLOAD_TYPE_WRONG');
  const text = Buffer.from(envelope.payload, 'base64').toString().replace('"serial":1', '"serial":2');
  target.replace(JSON.stringify({ ...envelope, payload: Buffer.from(text).toString('base64') }));
  assert.equal(target.code(), 'APPROVAL_SIGNATURE_INVALID');
});

test('reordered, repeated, look-alike and traversing subjects are refused even when signed', async () => {
  const cases: readonly (readonly [ApprovalErrorCode, (subject: Named[]) => Named[]])[] = [
    ['APPROVAL_SUBJECTS_UNSORTED', ([closure, a, b]) => [closure, b, a] as Named[]],
    ['APPROVAL_SUBJECTS_UNSORTED', ([closure, ...rest]) => [...rest, closure] as Named[]],
    ['APPROVAL_SUBJECT_DUPLICATE', ([closure, a, b]) => [closure, a, a, b] as Named[]],
    ['APPROVAL_SUBJECT_DUPLICATE', ([closure, a, b]) => [closure, closure, a, b] as Named[]],
    [
      'APPROVAL_SUBJECT_CONFUSABLE',
      (all) => [...all, { ...all[2], name: 'script:~/srv/indеx.js' }] as Named[],
    ],
    [
      'APPROVAL_SUBJECT_CONFUSABLE',
      (all) => [...all, { ...all[2], name: 'script:~/srv/\u202exj.js' }] as Named[],
    ],
    [
      'APPROVAL_SUBJECT_PATH',
      (all) => [...all, { ...all[2], name: 'script:~/srv/z/../../etc/passwd' }] as Named[],
    ],
    ['APPROVAL_SUBJECT_PATH', (all) => [...all, { ...all[2], name: 'script:~/srv/z/./z.js' }] as Named[]],
    ['APPROVAL_CLOSURE_INCONSISTENT', (all) => [...all, { ...all[2], name: 'script:~/srv/z.js' }] as Named[]],
    ['APPROVAL_CLOSURE_INCONSISTENT', ([closure, a]) => [closure, a] as Named[]],
  ];
  for (const [code, change] of cases) {
    using state = new TempDirectory();
    const target = await Target.approved(state.path);
    await target.resign((statement) => ({ ...statement, subject: change(statement.subject) }));
    const [stored] = target.decisions.load();
    assert.ok(stored?.kind === 'invalid');
    assert.equal(stored.error.code, code);
    assert.notEqual(target.decisions.judge().state, 'approved');
  }
});

test('a file that only looks like the approved one is drift that says so', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  const [config] = candidate().closure.artefacts;
  assert.ok(config);
  const twin = artefact('script', '~/srv/indеx.js', 'safe()');
  const { state: is, code } = target.decisions.judge(candidate({}, [config, twin]));
  assert.deepEqual([is, code], ['drifted', 'APPROVAL_SUBJECT_CONFUSABLE']);
});

test('truncated, huge and not canonical texts are refused', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  const text = JSON.stringify(target.envelope());
  const codeOf = (replacement: string) => {
    target.replace(replacement);
    const [stored] = target.decisions.load();
    assert.notEqual(target.decisions.judge().state, 'approved');
    return stored?.kind === 'invalid' ? stored.error.code : null;
  };
  assert.equal(codeOf(text.slice(0, -9)), 'APPROVAL_NOT_JSON');
  assert.equal(codeOf(text + ' '.repeat(9 * 1024 * 1024)), 'APPROVAL_TOO_LARGE');
  target.replace(text);
  await target.resign((statement) => statement);
  assert.equal(target.code(), null);
  const statement = Buffer.from(target.envelope().payload, 'base64').toString();
  const { signer } = await target.decisions.request();
  for (const loose of [
    ` ${statement}`,
    statement.replace('"_type":', '"_type":"x","_type":'),
    statement.replace('alice', '\\u0061lice'),
    // Bytes that are no UTF-8, which a reader may take for other characters.
    Buffer.from(statement.replace('"reason":"test"', '"reason":"tes\u00ff"'), 'latin1'),
  ]) {
    const code = codeOf(JSON.stringify(await signEnvelope(Buffer.from(loose), signer)));
    assert.equal(code, 'APPROVAL_STATEMENT_NOT_CANONICAL', String(loose).slice(0, 40));
  }
});

test('a serial that is rolled back and a decision that was revoked are refused', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  assert.equal(target.code(candidate(), { highestSerial: 2 }), 'APPROVAL_SERIAL_ROLLED_BACK');
  await target.decisions.revoke();
  assert.equal(target.code(), 'APPROVAL_REVOKED');
});

test('time: expired one second ago, a clock set back, and issued in the future', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path, { expires: after(60 * SECOND) });
  const at = (now: Date, latestSeen: number | null = null) =>
    target.code(candidate(), grounds({ now, latestSeen }));
  assert.equal(at(after(59 * SECOND)), null);
  assert.equal(at(after(61 * SECOND)), 'APPROVAL_EXPIRED');
  assert.equal(at(after(59 * SECOND), after(61 * SECOND).getTime()), 'APPROVAL_CLOCK_SET_BACK');
  assert.equal(at(after(59 * SECOND), after(59 * SECOND).getTime()), null);
  assert.equal(at(after(-6 * 60 * SECOND)), 'APPROVAL_NOT_YET_VALID');
});

test('a key outside the trust roots, and one signature where two are asked for, are refused', async () => {
  using state = new TempDirectory();
  using stranger = new TempDirectory();
  const target = await Target.approved(state.path);
  assert.equal(target.code(candidate(), { threshold: 2 }), 'APPROVAL_SIGNATURES_TOO_FEW');
  const [signature] = target.envelope().signatures;
  assert.ok(signature);
  // The same signature twice is one signer.
  target.replace(JSON.stringify({ ...target.envelope(), signatures: [signature, signature] }));
  assert.equal(target.code(candidate(), { threshold: 2 }), 'APPROVAL_SIGNATURES_TOO_FEW');
  const other = new Decisions(stranger.path);
  const { path } = await other.approve();
  target.replace(JSON.stringify(readEnvelope(path)));
  assert.equal(target.code(), 'APPROVAL_SIGNER_UNTRUSTED');
});

test('two of two signers are enough', async () => {
  using state = new TempDirectory();
  using stranger = new TempDirectory();
  const target = await Target.approved(state.path);
  const second = (await new Decisions(stranger.path).request()).signer;
  const [stored] = target.decisions.load();
  assert.ok(stored?.kind === 'valid');
  await target.decisions.store.cosign(candidate(), stored, second);
  state.write('trust/second.pem', stranger.read('trust', `${second.id.slice(0, 16)}.pem`));
  assert.equal(target.code(candidate(), { threshold: 2 }), null);
});

test('a changed artefact voids the approval', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  const [config, script] = candidate().closure.artefacts;
  assert.ok(config && script);
  const changed = { ...script, sha256: digestOf('evil()') };
  assert.equal(target.code(candidate({}, [config, changed])), 'APPROVAL_CLOSURE_CHANGED');
});

/** A strict reader written from docs/approvals.md alone: what it refuses must be refused. */
function strictlyAcceptable(text: string, genuine: Envelope): boolean {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g)?.join('') ?? '';
  const orders = [
    ['payloadType', 'payload', 'signatures'],
    ['payloadType', 'signatures', 'payload'],
    ['payload', 'payloadType', 'signatures'],
    ['payload', 'signatures', 'payloadType'],
    ['signatures', 'payload', 'payloadType'],
    ['signatures', 'payloadType', 'payload'],
  ] as const;
  const [only] = genuine.signatures;
  const signatures = [[{ keyid: only?.keyid, sig: only?.sig }], [{ sig: only?.sig, keyid: only?.keyid }]];
  return orders.some((order) =>
    signatures.some(
      (list) =>
        tokens ===
        JSON.stringify(
          Object.fromEntries(order.map((key) => [key, key === 'signatures' ? list : genuine[key]])),
        ),
    ),
  );
}

test('of 20,000 mutated envelopes none crashes and none is accepted that a strict reader refuses', async () => {
  using state = new TempDirectory();
  const target = await Target.approved(state.path);
  const genuine = target.envelope();
  const trust = target.decisions.trust;
  const { verifyApproval } = await import('../../approval/store/approval-files.ts');
  const text = JSON.stringify(genuine, null, 1);
  let accepted = 0;
  let seed = 42;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const pieces = [
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\',
    ' ',
    '\n',
    '=',
    'A',
    '\u0000',
    '"payload":"",',
    '"signatures":[],',
    '//',
    '\ufeff',
    'é',
  ];
  for (let round = 0; round < 20_000; round += 1) {
    let mutated = text;
    for (let step = random(3); step >= 0; step -= 1) {
      const at = random(mutated.length);
      const cut = random(4);
      mutated =
        mutated.slice(0, at) +
        (random(2) === 0 ? (pieces[random(pieces.length)] ?? '') : '') +
        mutated.slice(at + cut);
    }
    const stored = verifyApproval(() => parseEnvelope(mutated), { store: 'host', path: 'x' }, trust);
    if (stored.kind !== 'valid') continue;
    accepted += 1;
    assert.ok(strictlyAcceptable(mutated, genuine), mutated);
  }
  assert.ok(accepted > 0, 'some mutations change blanks only and must still be accepted');
  assert.equal(examine(target.decisions.load()[0] as never, candidate(), GROUNDS), null);
});
