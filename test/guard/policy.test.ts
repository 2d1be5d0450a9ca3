import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { toolDigest } from '../../approval/index.ts';
import { until } from '../e2e/host.ts';
import { GuardedHost, type Json, refusalIn, type Wire } from './guarded-host.ts';
import { sampleServer, setTools, textOf, tool } from './sample-server.ts';

const PATIENCE = { timeout: 180_000 };

async function running(context: TestContext, policy: string, capabilities: Json = {}) {
  const host = new GuardedHost(context, 'production');
  const entry = sampleServer(host, [[tool('echo'), tool('asks'), tool('pid')]]);
  host.configure({ one: entry });
  await host.approve('one', '--policy', host.host.write('policy.yml', policy));
  const wire = host.start(entry);
  await wire.open(capabilities);
  return { host, entry, wire };
}

const codeOf = (answer: Json) => refusalIn(answer)['code'];

describe('a policy', PATIENCE, () => {
  test('holds calls to names and definitions of tools', async (t) => {
    const digest = toolDigest(tool('echo'));
    const { host, wire } = await running(t, `tools: [{ name: echo, digest: ${digest} }]\n`);
    assert.ok('result' in (await wire.call('echo')), 'the guard asks for the definitions by itself');
    assert.equal(codeOf(await wire.call('pid')), 'DENIED_TOOL_NOT_LISTED');
    const listed = (await wire.ask('tools/list'))['result'] as { tools: readonly Json[] };
    assert.deepEqual(listed.tools, [tool('echo')]);
    setTools(host, [[{ ...tool('echo'), annotations: { readOnlyHint: true } }, tool('pid')]]);
    assert.ok('result' in (await wire.call('echo')), 'as far as it is known');
    wire.send({ id: 'a', method: 'tools/list' });
    const now = (await wire.until('the list', ({ id }) => id === 'a'))['result'] as {
      tools: readonly Json[];
    };
    assert.deepEqual(now.tools, []);
    assert.equal(codeOf(await wire.call('echo')), 'DENIED_TOOL_CHANGED');
  });

  test('is held to again when the server says that its tools changed', async (t) => {
    const digest = toolDigest(tool('echo'));
    const any = 'digest: null';
    const policy = `tools: [{ name: echo, digest: ${digest} }, { name: announce, ${any} }]\n`;
    const { host, wire } = await running(t, policy);
    assert.ok('result' in (await wire.call('echo')));
    setTools(host, [[tool('echo', 'another'), tool('announce')]]);
    await wire.call('announce');
    assert.equal(codeOf(await wire.call('echo')), 'DENIED_TOOL_CHANGED');
  });

  test('limits how often is called', async (t) => {
    const { wire } = await running(t, 'rate: [{ calls: 2, seconds: 3600, tools: null }]\n');
    await wire.call('echo');
    await wire.call('echo');
    assert.equal(codeOf(await wire.call('echo')), 'DENIED_RATE');
  });

  test('may be written in Cedar', async (t) => {
    const { wire } = await running(
      t,
      `cedar: |
  permit(principal, action, resource);
  forbid(principal, action == Sealwatch::Action::"callTool", resource)
    when { context.texts.hasTag("/path") && context.texts.getTag("/path") like "*.pem" };
`,
    );
    assert.ok('result' in (await wire.call('echo', { path: '/a.txt' })));
    assert.equal(codeOf(await wire.call('echo', { path: '/a.pem' })), 'DENIED_BY_CEDAR');
  });

  test('speaks of prompts, resources and what the server asks of the client', async (t) => {
    const { wire } = await running(
      t,
      'prompts: [good]\nresources: ["note://good/*"]\nclient_features: [roots]\n',
      { roots: {}, sampling: {} },
    );
    assert.ok('result' in (await wire.ask('prompts/get', { name: 'good' })));
    assert.equal(codeOf(await wire.ask('prompts/get', { name: 'bad' })), 'DENIED_PROMPT');
    assert.ok('result' in (await wire.ask('resources/read', { uri: 'note://good/1' })));
    assert.equal(codeOf(await wire.ask('resources/read', { uri: 'note://bad/1' })), 'DENIED_RESOURCE');
    assert.equal(codeOf(await wire.ask('resources/read', { uri: 'note://good/../bad' })), 'DENIED_RESOURCE');
    const refused = JSON.parse(
      textOf(await wire.call('asks', { method: 'sampling/createMessage', params: {} })),
    );
    assert.equal(refused.data.code, 'DENIED_CLIENT_FEATURE');
    assert.ok(!wire.messages.some(({ method }) => method === 'sampling/createMessage'), 'it never came here');
    wire.send({
      id: 'q',
      method: 'tools/call',
      params: { name: 'asks', arguments: { method: 'roots/list' } },
    });
    await wire.until('the question', ({ method }) => method === 'roots/list');
    wire.send({ id: 's1', result: { roots: [] } });
    const answer = await wire.until('the answer', ({ id }) => id === 'q');
    assert.equal(textOf(answer), '{"roots":[]}');
  });
});

describe('a call that a person is asked about', PATIENCE, () => {
  const policy = 'ask: [echo]\n';
  const answerTo = async (wire: Wire, content: Json) => {
    const question = await wire.until('the question', ({ method }) => method === 'elicitation/create');
    wire.send({ id: question['id'], result: content });
    return question;
  };

  test('goes through where the person accepts in the client', async (t) => {
    const { wire } = await running(t, policy, { elicitation: {} });
    const call = wire.call('echo', { a: 1 });
    const question = await answerTo(wire, { action: 'accept', content: { allow: true } });
    assert.match(
      String((question['params'] as Json)['message']),
      /^Sealwatch: Allow this call of the tool echo/,
    );
    assert.equal(textOf(await call), 'echo {"a":1}');
  });

  test('is refused where the person does not, and other calls go on meanwhile', async (t) => {
    for (const no of [
      { action: 'decline' },
      { action: 'cancel' },
      { action: 'accept', content: { allow: false } },
    ]) {
      const { wire } = await running(t, policy, { elicitation: {} });
      const call = wire.call('echo');
      await wire.until('the question', ({ method }) => method === 'elicitation/create');
      assert.ok('result' in (await wire.call('pid')));
      await answerTo(wire, no);
      assert.equal(codeOf(await call), 'GUARD_NOT_ALLOWED');
    }
  });

  test('is answered on the command line where the client cannot ask', async (t) => {
    for (const [word, allowed] of [
      ['--allow', true],
      ['--refuse', false],
    ] as const) {
      const { host, wire } = await running(t, policy);
      const call = wire.call('echo');
      const [question] = await until('the question', async () => {
        const open: readonly { id: string; question: string }[] = JSON.parse(
          await host.host.sealwatch('answer', '--json'),
        );
        return open.length > 0 && open;
      });
      assert.match(question?.question ?? '', /Allow this call of the tool echo/);
      await host.host.sealwatch('answer', question?.id ?? '', word);
      assert.equal('result' in (await call), allowed);
    }
  });
});
