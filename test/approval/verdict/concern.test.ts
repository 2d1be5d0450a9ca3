import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { readEnvelope } from '../../../approval/store/approval-files.ts';
import { composeBundle, installBundle } from '../../../approval/store/bundle.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { artefact, candidate, Decisions } from '../candidate.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the marker itself
const ENTRY = artefact('config', '${project}/.mcp.json', 'entry');

/** The same entry of a project below the home, with a script of its own. */
function inProject(directory: string, name: string, script: string) {
  const project = `${directory}/${name}`;
  return candidate({ scope: 'project', project, portable_project: `~/${name}`, id: name.padEnd(16, '0') }, [
    ENTRY,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the marker itself
    artefact('script', '${project}/server.js', script),
  ]);
}

/** A state directory with a bundle of these approvals. */
async function bundled(decisions: Decisions, stateDir: string, paths: readonly string[], serial: number) {
  const { signer } = await decisions.request();
  const bundle = await composeBundle(paths.map(readEnvelope), serial, new Date(), signer);
  installBundle(JSON.stringify(bundle), stateDir, decisions.trust, decisions.store.marks);
}

test('two projects with the same entry are approved apart, and a change in one is none in the other', async () => {
  using home = new TempDirectory();
  const decisions = new Decisions(home.at('state'));
  const [one, two] = [inProject(home.path, 'one', 'a'), inProject(home.path, 'two', 'b')];
  await decisions.approve(one);
  assert.equal(decisions.judge(two).state, 'pending');
  await decisions.approve(two);
  assert.deepEqual([decisions.judge(one).state, decisions.judge(two).state], ['approved', 'approved']);
  assert.equal(decisions.judge(inProject(home.path, 'one', 'b')).state, 'drifted');
  await decisions.revoke(two);
  assert.deepEqual([decisions.judge(one).state, decisions.judge(two).state], ['approved', 'revoked']);
});

test('a decision on the host is about the project where it was, not about a copy elsewhere', async () => {
  using home = new TempDirectory();
  const decisions = new Decisions(home.at('state'));
  await decisions.approve(inProject(home.path, 'one', 'a'));
  assert.equal(decisions.judge(inProject(home.path, 'copy', 'a')).state, 'pending');
});

test('a committed decision is about the project that it lies beside, wherever that is', async () => {
  using home = new TempDirectory();
  const decisions = new Decisions(home.at('state'));
  const one = inProject(home.path, 'one', 'a');
  const { path } = await decisions.approve(one, { project: one.project });
  const clone = inProject(home.path, 'clone', 'a');
  const cloned = path.replace('/one/', '/clone/');
  mkdirSync(dirname(cloned), { recursive: true });
  writeFileSync(cloned, JSON.stringify(readEnvelope(path)));
  const projects = [one, clone].map(({ project }) => project ?? '');
  for (const [server, state] of [
    [one, 'approved'],
    [clone, 'approved'],
    [inProject(home.path, 'clone', 'b'), 'drifted'],
  ] as const) {
    const verdict = decisions.judge(server, {}, projects);
    assert.deepEqual([verdict.state, verdict.counts], [state, true]);
  }
});

test('an older committed state does not come back by a copy of its approval elsewhere', async () => {
  using home = new TempDirectory();
  const decisions = new Decisions(home.at('state'));
  const [before, now] = [inProject(home.path, 'one', 'old'), inProject(home.path, 'one', 'new')];
  const first = await decisions.approve(before, { project: before.project });
  const old = readEnvelope(first.path);
  await decisions.approve(now, { project: now.project, known: decisions.load([now.project ?? '']) });
  mkdirSync(home.at('state/approvals'), { recursive: true });
  writeFileSync(home.at('state/approvals/old.dsse.json'), JSON.stringify(old));
  assert.equal(decisions.judge(before, {}, [now.project ?? '']).state, 'drifted');
});

test('a bundle is about every project with exactly the closure that it states', async () => {
  using home = new TempDirectory();
  const maker = new Decisions(home.at('maker'));
  const [one, two] = [inProject(home.path, 'one', 'a'), inProject(home.path, 'two', 'b')];
  const paths = [await maker.approve(one), await maker.approve(two)].map(({ path }) => path);
  await bundled(maker, home.at('maker'), paths, 1);
  const verdict = (name: string, script: string) => {
    const { state, counts } = maker.judge(inProject(home.path, name, script));
    return [state, counts];
  };
  assert.deepEqual(verdict('elsewhere', 'a'), ['approved', true]);
  assert.deepEqual(verdict('elsewhere', 'b'), ['approved', true]);
  assert.deepEqual(
    verdict('elsewhere', 'c'),
    ['drifted', false],
    'it shows what differs and counts for nothing',
  );
});

test('an approval that does not verify speaks for its own project only', async () => {
  using home = new TempDirectory();
  const decisions = new Decisions(home.at('state'));
  const [one, two] = [inProject(home.path, 'one', 'a'), inProject(home.path, 'two', 'a')];
  const { path } = await decisions.approve(one);
  writeFileSync(path, JSON.stringify({ ...readEnvelope(path), signatures: [] }));
  assert.deepEqual([decisions.judge(one).state, decisions.judge(two).state], ['invalid', 'pending']);
});
