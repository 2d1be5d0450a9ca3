import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { MAX_ENVELOPE_BYTES, signEnvelope } from '../../../approval/envelope/dsse.ts';
import { ApprovalError } from '../../../approval/errors.ts';
import { encodeStatement } from '../../../approval/statement/statement.ts';
import { judge } from '../../../approval/verdict/judge.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { candidate, Decisions, GROUNDS } from '../candidate.ts';

test('serials of one server rise with every decision, and start anew for another server', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const decisions = [
    await store.approve(),
    await store.revoke(),
    await store.approve(),
    await store.approve(candidate({ name: 'other' })),
  ];
  assert.deepEqual(
    decisions.map(({ statement }) => statement.predicate.serial),
    [1, 2, 3, 1],
  );
  assert.equal(store.load().filter(({ kind }) => kind === 'valid').length, 4);
});

test('a revocation wins over the approval before it, and a new approval over the revocation', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const now = () => store.judge().state;
  await store.approve();
  assert.equal(now(), 'approved');
  await store.revoke();
  assert.equal(now(), 'revoked');
  await store.approve();
  assert.equal(now(), 'approved');
});

test('a revocation wins over an approval beside the project that has a higher serial', async () => {
  using host = new TempDirectory();
  using project = new TempDirectory();
  const elsewhere = new Decisions(host.path);
  for (let count = 0; count < 3; count += 1) await elsewhere.approve();
  mkdirSync(project.at('.sealwatch/approvals'), { recursive: true });
  mkdirSync(host.at('before'));
  for (const name of readdirSync(elsewhere.store.directory)) {
    copyFileSync(host.at('approvals', name), project.at('.sealwatch/approvals', name));
    execFileSync('mv', [host.at('approvals', name), host.at('before')]);
  }
  const store = new Decisions(host.path);
  const verdict = store.judge(candidate(), {}, [project.path]);
  assert.equal(verdict.state, 'approved');
  await store.revoke(candidate(), { known: store.load([project.path]) });
  assert.equal(store.judge(candidate(), {}, [project.path]).state, 'revoked');
});

test('of two decisions with one serial the revocation counts, in either order', async () => {
  using state = new TempDirectory();
  const one = new Decisions(state.path);
  await one.approve();
  const stored = one.load();
  const [approval] = stored;
  assert.ok(approval?.kind === 'valid');
  const revocation = {
    ...approval,
    statement: { ...approval.statement, predicateType: 'urn:sealwatch:revocation:v1' as const },
  };
  assert.equal(judge(candidate(), [approval, revocation], GROUNDS).state, 'revoked');
  assert.equal(judge(candidate(), [revocation, approval], GROUNDS).state, 'revoked');
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

test('junk that is dropped in never changes the state of a server with a valid approval', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const { statement } = await store.approve();
  const { signer } = await store.request();
  const text = JSON.stringify(await signEnvelope(encodeStatement(statement), signer));
  dropJunk(store.store.directory, text);
  const stored = store.load();
  assert.equal(stored.filter(({ kind }) => kind === 'invalid').length, 11);
  for (const entry of stored) if (entry.kind === 'invalid') assert.ok(entry.error instanceof ApprovalError);
  assert.equal(judge(candidate(), stored, GROUNDS).state, 'approved');
});

test('junk beside a project is reported, claims no server that it cannot name, and hides no other', async () => {
  using state = new TempDirectory();
  using project = new TempDirectory();
  using looped = new TempDirectory();
  const store = new Decisions(state.path);
  await store.approve();
  dropJunk(project.at('.sealwatch/approvals'), '{}');
  mkdirSync(looped.at('.sealwatch'));
  symlinkSync('approvals', looped.at('.sealwatch/approvals'));
  const stored = store.load([project.path, looped.path, '/nowhere', '/dev/null']);
  assert.equal(judge(candidate(), stored, GROUNDS).state, 'approved');
  assert.equal(judge(candidate({ name: 'other' }), stored, GROUNDS).state, 'pending');
  const broken = stored.find(({ path }) => path.startsWith(looped.path));
  assert.ok(broken?.kind === 'invalid' && broken.error.code === 'APPROVAL_STORE_UNREADABLE');
});

test('an approval by an unknown key makes its own server invalid and no other', async () => {
  using state = new TempDirectory();
  using stranger = new TempDirectory();
  const store = new Decisions(state.path);
  await store.approve(candidate({ name: 'mine' }));
  const { path } = await new Decisions(stranger.path).approve();
  copyFileSync(path, `${store.store.directory}/forged.dsse.json`);
  const verdict = store.judge();
  assert.deepEqual([verdict.state, verdict.code], ['invalid', 'APPROVAL_SIGNER_UNTRUSTED']);
  assert.match(verdict.reason, /does not verify/);
  assert.equal(store.judge(candidate({ name: 'mine' })).state, 'approved');
});

test('an approval that is taken away leaves no older one in force, also for a new process', async () => {
  using state = new TempDirectory();
  using kept = new TempDirectory();
  const store = new Decisions(state.path);
  const subject = {
    server: { client: 'c', scope: 'user', config: '~/x', name: 'n' },
    profile: 'developer',
  } as const;
  const line = { ...subject, group: null, user: 'u' };
  const first = await store.approve();
  copyFileSync(first.path, kept.at('first'));
  const second = await store.approve();
  store.store.marks.record(line, second.statement.predicate.serial);
  rmSync(second.path);
  const again = new Decisions(state.path);
  const highestSerial = again.store.marks.highest(line);
  assert.equal(highestSerial, 2);
  const verdict = again.judge(candidate(), { highestSerial });
  assert.deepEqual([verdict.state, verdict.code], ['invalid', 'APPROVAL_SERIAL_ROLLED_BACK']);
  rmSync(first.path);
  assert.match(again.judge(candidate(), { highestSerial }).reason, /serial 2\) is gone/);
});

test('two marks of one line at once keep the higher one, and a lower one never replaces it', () => {
  using state = new TempDirectory();
  const marks = () => new Decisions(state.path).store.marks;
  const line = {
    server: { client: 'c', scope: 'user', config: '~/x', name: 'n' },
    profile: 'production',
    group: 'g',
    user: 'u',
  } as const;
  const [one, two] = [marks(), marks()];
  one.highest(line);
  two.highest(line);
  assert.ok(one.record(line, 7) && two.record(line, 5));
  assert.equal(marks().highest(line), 7);
  assert.equal(marks().highest({ ...line, group: 'h' }), 0);
  assert.equal(marks().highestOf(line.server), 7);
});

test('a signed payload that is no statement of ours is refused', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const { statement } = await store.approve();
  const { signer } = await store.request();
  const cases = [{}, { ...statement, extra: 1 }, { ...statement, _type: 'x' }, 'text'];
  for (const [index, value] of cases.entries()) {
    const envelope = await signEnvelope(Buffer.from(JSON.stringify(value)), signer);
    writeFileSync(`${store.store.directory}/z${index}.dsse.json`, JSON.stringify(envelope));
  }
  const codes = store.load().flatMap((entry) => (entry.kind === 'invalid' ? [entry.error.code] : []));
  assert.deepEqual(codes, Array(cases.length).fill('APPROVAL_STATEMENT_INVALID'));
});

test('a second signature goes into the same file and leaves what it states', async () => {
  using state = new TempDirectory();
  using other = new TempDirectory();
  const store = new Decisions(state.path);
  const { path, statement } = await store.approve();
  const second = (await new Decisions(other.path).request()).signer;
  const [approval] = store.load();
  assert.ok(approval?.kind === 'valid');
  await store.store.cosign(candidate(), approval, second);
  const envelope = JSON.parse(readFileSync(path, 'utf8'));
  assert.deepEqual(
    envelope.signatures.map(({ keyid }: { keyid: string }) => keyid).sort(),
    [approval.signers[0], second.id].sort(),
  );
  assert.deepEqual(Buffer.from(envelope.payload, 'base64'), encodeStatement(statement));
  const changed = candidate({}, candidate().closure.artefacts.slice(0, 1));
  await assert.rejects(
    store.store.cosign(changed, approval, second),
    (error) => error instanceof ApprovalError && error.code === 'APPROVAL_NOTHING_TO_SIGN',
  );
});

test('production takes no server with an open finding unless it is accepted by name, which is recorded', async () => {
  using state = new TempDirectory();
  const store = new Decisions(state.path);
  const finding = (id: string) =>
    ({ id, severity: 'medium', message: id, why: '', fix: '', tags: [] }) as const;
  const server = candidate({ findings: [finding('mcp_unpinned_package'), finding('mcp_plain_http')] });
  const everywhere = { host_groups: null, users: null };
  const contexts = { profiles: ['production' as const], ...everywhere };
  await assert.rejects(
    store.approve(server, { contexts }),
    (error) => error instanceof ApprovalError && error.code === 'APPROVAL_FINDING_NOT_ACCEPTED',
  );
  await store.approve(server, { contexts: { profiles: ['developer'], ...everywhere } });
  const { statement } = await store.approve(server, { contexts, accepted: ['mcp_unpinned_package'] });
  assert.deepEqual(statement.predicate.accepted, ['mcp_unpinned_package']);
});
