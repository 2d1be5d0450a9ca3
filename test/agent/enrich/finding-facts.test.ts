import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FindingLook, factsOfFindings, findingKinds } from '../../../agent/enrich/finding-facts.ts';
import type { KnownServer } from '../../../agent/enrich/known-server.ts';
import { snapshotOf } from '../../../agent/state/snapshot.ts';
import { finding } from '../../../inventory/posture/posture.ts';
import type { Artefact, Finding } from '../../../wire/index.ts';
import { artefact } from '../../approval/candidate.ts';
import { known } from '../samples.ts';

const KINDS = findingKinds('developer');
const LOOK: FindingLook = { time: 1, first: false, kinds: KINDS, kindsBefore: KINDS };
const CONFIG = artefact('config', '~/.claude.json', 'entry');
const SECRET = finding('mcp_hardcoded_secret', 'the config holds what looks like a secret: env.T (npm)');
const SHELL = finding('mcp_shell_wrapper', 'sh stands between', 'low');
const HELPERS = finding('mcp_helper_writable', 'script /home/alice/a.js can be written by everyone');

function server(findings: readonly Finding[], artefacts: readonly Artefact[] = [CONFIG]): KnownServer {
  return known({ server: { findings }, artefacts });
}

function told(before: KnownServer | null, after: KnownServer, look: Partial<FindingLook> = {}) {
  const past = new Map(
    before === null ? [] : [[before.discovered.server.id, snapshotOf(before, null)] as const],
  );
  return factsOfFindings([after], past, { ...LOOK, ...look });
}
const ids = (...args: Parameters<typeof told>) => told(...args).map(({ fields }) => fields['mcp.finding']);

test('a finding that appears is told with its words, its server and its file', () => {
  const [fact, ...more] = told(server([]), server([SECRET]));
  assert.deepEqual(more, []);
  assert.deepEqual(fact?.logsource, { category: 'finding', product: 'mcp' });
  assert.equal(fact?.fields['mcp.change'], 'finding_added');
  assert.equal(fact?.fields['mcp.finding'], 'mcp_hardcoded_secret');
  assert.equal(fact?.fields['mcp.finding_severity'], 'high');
  assert.equal(fact?.fields['mcp.finding_message'], SECRET.message);
  assert.equal(fact?.fields['mcp.first_look'], false);
  assert.equal(fact?.fields['mcp.new_server'], false);
  assert.equal(fact?.fields['TargetFilename'], '/home/alice/.claude.json');
  assert.equal(fact?.server?.name, 'files');
});

test('what the last look had is told no more; what went and came back is told again', () => {
  assert.deepEqual(ids(server([SECRET]), server([SECRET])), []);
  assert.deepEqual(ids(server([SECRET]), server([])), []);
  assert.deepEqual(ids(server([]), server([SECRET])), ['mcp_hardcoded_secret']);
});

test('another thing of the same kind and a higher severity are told; a lower one is not', () => {
  const other = finding('mcp_hardcoded_secret', 'the config holds what looks like a secret: env.U (npm)');
  assert.deepEqual(ids(server([SECRET]), server([other])), ['mcp_hardcoded_secret']);
  const worse = { ...SHELL, severity: 'high' } as const;
  assert.deepEqual(ids(server([SHELL]), server([worse])), ['mcp_shell_wrapper']);
  assert.deepEqual(ids(server([worse]), server([SHELL])), []);
});

test('a message that only counts anew is no news', () => {
  const unresolved = (message: string) => finding('mcp_closure_unresolved', message);
  assert.deepEqual(ids(server([unresolved('not sealed: a')]), server([unresolved('not sealed: a, b')])), []);
});

test('a writable helper is told with the artefact; another one that was closed before is told, too', () => {
  const [a, b] = [artefact('script', '~/a.js', 'a'), artefact('helper', '~/b.js', 'b')];
  const open = (item: Artefact): Artefact => ({ ...item, writable_by: ['alice', 'everyone'] });
  const one = server([HELPERS], [CONFIG, open(a), b]);
  const [first, ...more] = told(server([], [CONFIG, a, b]), one);
  assert.deepEqual(more, []);
  assert.equal(first?.fields['TargetFilename'], '/home/alice/a.js');
  assert.deepEqual(first?.fields['mcp.writable_by'], ['alice', 'everyone']);
  assert.deepEqual(told(one, one), []);
  const [second] = told(one, server([HELPERS], [CONFIG, open(a), open(b)]));
  assert.equal(second?.fields['TargetFilename'], '/home/alice/b.js');
  const added = server([HELPERS], [CONFIG, open(a), b, open(artefact('helper', '~/c.js', 'c'))]);
  assert.deepEqual(told(one, added), [], 'a file that came with an update was never closed');
});

test('the very first look is marked, a server that comes later is not, but as new', () => {
  const marks = (look: Partial<FindingLook>) =>
    told(null, server([SECRET]), look).map(({ fields }) => [
      fields['mcp.first_look'],
      fields['mcp.new_server'],
    ]);
  assert.deepEqual(marks({ first: true, kindsBefore: new Set() }), [[true, false]]);
  assert.deepEqual(marks({}), [[false, true]]);
});

test('what a newer version or a stricter profile finds first was there all along', () => {
  const upgraded = new Set([...KINDS].filter((kind) => !kind.endsWith('/mcp_hardcoded_secret')));
  const look = { kindsBefore: upgraded };
  const marks = told(server([]), server([SECRET, SHELL]), look).map(({ fields }) => fields['mcp.first_look']);
  assert.deepEqual(marks, [true, false]);
  const stricter = told(server([]), server([SECRET]), { kinds: findingKinds('production') });
  assert.equal(stricter[0]?.fields['mcp.first_look'], true);
  const added = told(null, server([SECRET]), look);
  assert.equal(added[0]?.fields['mcp.first_look'], false, 'a server that was not there is news');
});
