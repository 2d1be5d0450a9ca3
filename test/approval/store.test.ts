import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { MAX_ENVELOPE_BYTES, signEnvelope } from '../../approval/dsse.ts';
import { ApprovalError } from '../../approval/errors.ts';
import { openSigningKey } from '../../approval/key.ts';
import { judge } from '../../approval/state.ts';
import { APPROVAL_PREDICATE, composeStatement } from '../../approval/statement.ts';
import { ApprovalStore } from '../../approval/store.ts';
import { TempDirectory } from '../temp-directory.ts';
import { candidate, NOW, request } from './candidate.ts';

test('serials of one server rise with every decision, and start anew for another server', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  const decisions = [
    store.approve(candidate(), request()),
    store.revoke(candidate(), request()),
    store.approve(candidate(), request()),
    store.approve(candidate({ name: 'other' }), request()),
  ];
  assert.deepEqual(
    decisions.map(({ predicate }) => predicate.serial),
    [1, 2, 3, 1],
  );
  assert.equal(store.load().filter(({ kind }) => kind === 'valid').length, 4);
});

test('a revocation wins over the approval before it, and a new approval over the revocation', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  const now = () => judge(candidate(), store.load(), NOW).state;
  store.approve(candidate(), request());
  assert.equal(now(), 'approved');
  store.revoke(candidate(), request());
  assert.equal(now(), 'revoked');
  store.approve(candidate(), request());
  assert.equal(now(), 'approved');
});

test('a revocation wins over an approval beside the project that has a higher serial', () => {
  using host = new TempDirectory();
  using project = new TempDirectory();
  const elsewhere = new ApprovalStore(host.path);
  const approved = [1, 2, 3].map(() => elsewhere.approve(candidate(), request())).at(-1);
  assert.ok(approved);
  mkdirSync(project.at('.sealwatch/approvals'), { recursive: true });
  mkdirSync(host.at('before'));
  for (const name of readdirSync(elsewhere.directory)) {
    copyFileSync(host.at('approvals', name), project.at('.sealwatch/approvals', name));
    execFileSync('mv', [host.at('approvals', name), host.at('before')]);
  }
  const store = new ApprovalStore(host.path);
  const verdict = judge(candidate(), store.load([project.path]), NOW);
  assert.equal(verdict.state, 'approved');
  store.revoke(candidate(), request({ supersedes: verdict.statement }));
  assert.equal(judge(candidate(), store.load([project.path]), NOW).state, 'revoked');
});

test('of two decisions with one serial the revocation counts, in either order', () => {
  using state = new TempDirectory();
  const one = new ApprovalStore(state.path);
  one.approve(candidate(), request());
  const stored = one.load();
  const [approval] = stored;
  assert.ok(approval?.kind === 'valid');
  const revocation = {
    ...approval,
    statement: { ...approval.statement, predicateType: 'urn:sealwatch:revocation:v1' as const },
  };
  assert.equal(judge(candidate(), [approval, revocation], NOW).state, 'revoked');
  assert.equal(judge(candidate(), [revocation, approval], NOW).state, 'revoked');
});

function dropJunk(directory: string, about: string): void {
  mkdirSync(directory, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(`${directory}/${name}.dsse.json`, text);
  write('0-empty', '');
  write('1-not-json', 'x');
  write('2-huge', ' '.repeat(MAX_ENVELOPE_BYTES + 1));
  write('3-unsigned', about.replace(/"sig":"[^"]*"/, '"sig":""'));
  write('4-other-payload', JSON.stringify({ ...JSON.parse(about), payload: 'e30=' }));
  write('5-deep', '['.repeat(200_000));
  mkdirSync(`${directory}/6-directory.dsse.json`);
  execFileSync('mkfifo', [`${directory}/7-fifo.dsse.json`]);
  symlinkSync('/dev/zero', `${directory}/8-endless.dsse.json`);
  symlinkSync('9-loop.dsse.json', `${directory}/9-loop.dsse.json`);
  symlinkSync('/nowhere', `${directory}/zz-dangling.dsse.json`);
}

test('junk that is dropped in never changes the state of a server with a valid approval', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  const statement = store.approve(candidate(), request());
  const text = JSON.stringify(
    signEnvelope(Buffer.from(JSON.stringify(statement)), openSigningKey(state.path)),
  );
  dropJunk(store.directory, text);
  const stored = store.load();
  assert.equal(stored.filter(({ kind }) => kind === 'invalid').length, 11);
  for (const entry of stored) if (entry.kind === 'invalid') assert.ok(entry.error instanceof ApprovalError);
  assert.equal(judge(candidate(), stored, NOW).state, 'approved');
});

test('junk beside a project is reported, claims no server that it cannot name, and hides no other', () => {
  using state = new TempDirectory();
  using project = new TempDirectory();
  using looped = new TempDirectory();
  const store = new ApprovalStore(state.path);
  store.approve(candidate(), request());
  dropJunk(project.at('.sealwatch/approvals'), '{}');
  mkdirSync(looped.at('.sealwatch'));
  symlinkSync('approvals', looped.at('.sealwatch/approvals'));
  const stored = store.load([project.path, looped.path, '/nowhere', '/dev/null']);
  assert.equal(judge(candidate(), stored, NOW).state, 'approved');
  assert.equal(judge(candidate({ name: 'other' }), stored, NOW).state, 'pending');
  const broken = stored.find(({ path }) => path.startsWith(looped.path));
  assert.ok(broken?.kind === 'invalid' && broken.error.code === 'APPROVAL_STORE_UNREADABLE');
});

test('an approval by an unknown key makes its own server invalid and no other', () => {
  using state = new TempDirectory();
  using stranger = new TempDirectory();
  const store = new ApprovalStore(state.path);
  store.approve(candidate({ name: 'mine' }), request());
  const statement = composeStatement(APPROVAL_PREDICATE, candidate(), {
    owner: 'x',
    approver: 'x',
    reason: '',
    issued: NOW.toISOString(),
    expires: null,
    serial: 99,
  });
  const forged = signEnvelope(Buffer.from(JSON.stringify(statement)), openSigningKey(stranger.path));
  writeFileSync(`${store.directory}/forged.dsse.json`, JSON.stringify(forged));
  const stored = store.load();
  const verdict = judge(candidate(), stored, NOW);
  assert.equal(verdict.state, 'invalid');
  assert.match(verdict.reason, /does not verify/);
  assert.equal(judge(candidate({ name: 'mine' }), stored, NOW).state, 'approved');
});

test('a signed payload that is no statement of ours is refused', () => {
  using state = new TempDirectory();
  const store = new ApprovalStore(state.path);
  const statement = store.approve(candidate(), request());
  const key = openSigningKey(state.path);
  const twoClosures = {
    ...statement,
    subject: [...statement.subject, { name: 'closure', digest: { sha256: '0'.repeat(64) } }],
  };
  const cases = [{}, { ...statement, extra: 1 }, { ...statement, _type: 'x' }, twoClosures, 'text'];
  cases.forEach((value, index) => {
    const envelope = signEnvelope(Buffer.from(JSON.stringify(value)), key);
    writeFileSync(`${store.directory}/z${index}.dsse.json`, JSON.stringify(envelope));
  });
  const codes = store.load().flatMap((entry) => (entry.kind === 'invalid' ? [entry.error.code] : []));
  assert.deepEqual(codes, Array(cases.length).fill('APPROVAL_STATEMENT_INVALID'));
});
