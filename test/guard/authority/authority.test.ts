import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authority } from '../../../guard/authority/authority.ts';
import type { Decided } from '../../../guard/authority/decided.ts';

const WATCH = { files: [], trees: [] };
const unknown: Decided = { standing: { kind: 'unknown', watch: WATCH }, policy: null };
const mismatch: Decided = { standing: { kind: 'mismatch', asked: 'x', watch: WATCH }, policy: null };

/** An authority whose looks a test answers one by one. */
class Looks {
  readonly changes: Decided[] = [];
  readonly failures: unknown[] = [];
  readonly authority: Authority;
  #waiting: PromiseWithResolvers<Decided>[] = [];
  #asked: (() => void)[] = [];

  constructor(context: TestContext) {
    this.authority = new Authority(unknown, {
      look: () => {
        const look = Promise.withResolvers<Decided>();
        this.#waiting.push(look);
        for (const asked of this.#asked.splice(0)) asked();
        return look.promise;
      },
      onChange: (decided) => this.changes.push(decided),
      follow: () => {},
      probe: () => {},
      onFailure: (error) => this.failures.push(error),
    });
    context.after(() => this.authority.stop());
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** The look that is under way, once it is. */
  async next(): Promise<PromiseWithResolvers<Decided>> {
    if (this.#waiting.length === 0) await new Promise<void>((resolve) => this.#asked.push(resolve));
    const look = this.#waiting.shift();
    if (look === undefined) throw new Error('no look');
    return look;
  }
}

test('nothing is decided on what was touched until it was looked at', async (t) => {
  const looks = new Looks(t);
  assert.equal(looks.authority.stale, false);
  looks.authority.touched();
  assert.equal(looks.authority.stale, true);
  const settled = looks.authority.settled();
  (await looks.next()).resolve(mismatch);
  assert.equal(await settled, mismatch);
  assert.equal(looks.authority.stale, false);
  assert.deepEqual(looks.changes, [mismatch]);
});

test('what is touched during a look has a look of its own', async (t) => {
  const looks = new Looks(t);
  looks.authority.touched();
  const settled = looks.authority.settled();
  const first = await looks.next();
  looks.authority.touched();
  first.resolve(mismatch);
  (await looks.next()).resolve(unknown);
  assert.equal(await settled, unknown);
});

test('many touches at once are one look', async (t) => {
  const looks = new Looks(t);
  for (let count = 0; count < 100; count += 1) looks.authority.touched();
  (await looks.next()).resolve(unknown);
  await looks.authority.settled();
  await sleep(50);
  assert.equal(looks.count, 0);
  assert.deepEqual(looks.changes, [], 'what is decided alike is no change');
});

test('a look that fails is taken again, and nothing is let through meanwhile', async (t) => {
  const looks = new Looks(t);
  looks.authority.touched();
  const settled = looks.authority.settled();
  const fault = new Error('EIO');
  (await looks.next()).reject(fault);
  (await looks.next()).resolve(mismatch);
  assert.equal(await settled, mismatch);
  assert.deepEqual(looks.failures, [fault]);
});

test('who waits for looks that never end is told so', { timeout: 180_000 }, async (t) => {
  const looks = new Looks(t);
  looks.authority.touched();
  assert.equal(await looks.authority.settled(), null);
  assert.equal(looks.authority.stale, true);
});
