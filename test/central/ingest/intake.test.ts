import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intake } from '../../../central/ingest/intake.ts';
import { Metrics } from '../../../central/metrics.ts';
import type { Batch } from '../../../central/store/batches.ts';
import type { Alert } from '../../../wire/index.ts';
import { keptLog } from '../bench.ts';
import { AGENT, OTHER_AGENT, plainAlert } from '../samples.ts';
import { coded, NOW, openFor, register, seqsOf, testOnEach } from '../store/databases.ts';

/** An intake over a store, with what it tells. */
function intakeOver(store: ConstructorParameters<typeof Intake>[0]['store']) {
  const told: number[] = [];
  let commits = 0;
  const intake = new Intake({
    store,
    metrics: new Metrics(),
    log: keptLog(),
    onStored: ({ seq }: Alert) => told.push(seq),
    onCommit: () => {
      commits += 1;
    },
  });
  return { intake, told, commits: () => commits };
}

testOnEach(
  'what waits is stored in one transaction, each batch with an answer of its own',
  async (context, place) => {
    const store = await openFor(context, place);
    await register(store, AGENT, OTHER_AGENT);
    const { intake, told, commits } = intakeOver(store);
    const offer = (agent: string, ...seqs: readonly number[]) =>
      intake.store(
        agent,
        seqs.map((seq) => plainAlert(seq, {}, agent)),
        NOW,
      );
    const answers = await Promise.allSettled([
      offer(AGENT, 1, 2),
      offer(OTHER_AGENT, 7),
      intake.store(OTHER_AGENT, [plainAlert(8, { id: `${AGENT}-1` })], NOW),
      offer(OTHER_AGENT, 9),
      offer(AGENT, 3),
    ]);
    const [first, ...others] = answers.map((answer) =>
      answer.status === 'fulfilled' ? answer.value : answer.reason.code,
    );
    // Committed by then is what the batch brought, and perhaps more.
    assert.ok(first >= 2 && first <= 3);
    assert.deepEqual(others, [7, 'CENTRAL_ALERT_ID_TAKEN', 'CENTRAL_ALERT_ID_TAKEN', 3]);
    assert.deepEqual(told, [1, 2, 7, 3]);
    assert.equal(commits(), 1);
    assert.deepEqual(await seqsOf(store), [1, 2, 7, 3]);
  },
);

test('while a group is stored, what comes in waits for the next, which is bounded', async () => {
  const groups: number[][] = [];
  let finish: () => void = () => undefined;
  const { intake } = intakeOver({
    async storeBatches(batches: readonly Batch[]) {
      groups.push(batches.map(({ alerts }) => alerts.length));
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return batches.map(({ alerts }) => ({
        kind: 'stored' as const,
        acked: alerts.at(-1)?.seq ?? 0,
        fresh: alerts,
        duplicates: 0,
        conflicting: 0,
      }));
    },
  });
  const batch = Array.from({ length: 256 }, (_, index) => plainAlert(index + 1));
  const answers = Array.from({ length: 40 }, () => intake.store(AGENT, batch, NOW));
  for (let group = 1; group <= 3; group += 1) {
    while (groups.length < group) await new Promise((resolve) => setImmediate(resolve));
    if (group === 1) answers.push(intake.store(OTHER_AGENT, [plainAlert(1)], NOW));
    finish();
  }
  await Promise.all(answers);
  assert.deepEqual(
    groups.map((group) => group.length),
    [16, 16, 9],
  );
});

test('a group that fails takes with it what waits of its agents, and nothing of others', async () => {
  let calls = 0;
  const { intake } = intakeOver({
    async storeBatches(batches: readonly Batch[]) {
      calls += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (calls === 1) throw new Error('disk');
      return batches.map(() => ({
        kind: 'stored' as const,
        acked: 9,
        fresh: [],
        duplicates: 0,
        conflicting: 0,
      }));
    },
  });
  const first = intake.store(AGENT, [plainAlert(1)], NOW);
  while (calls === 0) await new Promise((resolve) => setImmediate(resolve));
  const answers = await Promise.allSettled([
    first,
    intake.store(AGENT, [plainAlert(2)], NOW),
    intake.store(OTHER_AGENT, [plainAlert(1)], NOW),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
  assert.equal(await intake.store(AGENT, [plainAlert(1)], NOW), 9);
});

testOnEach('an agent that nobody registered is refused', async (context, place) => {
  const store = await openFor(context, place);
  const { intake } = intakeOver(store);
  await assert.rejects(intake.store(AGENT, [plainAlert(1)], NOW), coded('CENTRAL_AGENT_UNKNOWN'));
});
