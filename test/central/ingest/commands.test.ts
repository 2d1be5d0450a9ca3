import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Commands } from '../../../central/ingest/commands.ts';
import type { CentralFrame } from '../../../wire/index.ts';
import { AGENT, OTHER_AGENT } from '../samples.ts';

const LONG_MS = 60_000;

function sentBy(reaches = true) {
  const sent: { readonly agent: string; readonly id: string }[] = [];
  const commands = new Commands((agent: string, frame: CentralFrame) => {
    if (frame.type === 'command') sent.push({ agent, id: frame.id });
    return reaches;
  });
  return { commands, sent };
}

test('a command ends with the answer of the agent that was asked', async () => {
  const { commands, sent } = sentBy();
  const outcome = commands.send(AGENT, 'look_again', LONG_MS);
  const id = sent[0]?.id ?? '';
  commands.answered(OTHER_AGENT, { type: 'result', id, ok: true, message: 'not mine' });
  commands.answered(AGENT, { type: 'result', id: 'unknown', ok: true, message: 'not asked' });
  commands.answered(AGENT, { type: 'result', id, ok: false, message: 'no' });
  assert.deepEqual(await outcome, { kind: 'done', ok: false, message: 'no' });
});

test('an agent that is not there, goes away or says nothing is told apart', async () => {
  assert.deepEqual(await sentBy(false).commands.send(AGENT, 'reload_rules', LONG_MS), { kind: 'absent' });
  const { commands } = sentBy();
  assert.deepEqual(await commands.send(AGENT, 'reload_rules', 1), { kind: 'unanswered' });
  const leaving = commands.send(AGENT, 'reload_rules', LONG_MS);
  commands.left(OTHER_AGENT);
  commands.left(AGENT);
  assert.deepEqual(await leaving, { kind: 'absent' });
});

test('only so many commands wait for one agent', async () => {
  const { commands, sent } = sentBy();
  const waiting = Array.from({ length: 16 }, () => commands.send(AGENT, 'look_again', LONG_MS));
  assert.deepEqual(await commands.send(AGENT, 'look_again', LONG_MS), { kind: 'busy' });
  const other = commands.send(OTHER_AGENT, 'look_again', LONG_MS);
  assert.equal(sent.length, 17);
  commands.left(AGENT);
  commands.left(OTHER_AGENT);
  await Promise.all([...waiting, other]);
});
