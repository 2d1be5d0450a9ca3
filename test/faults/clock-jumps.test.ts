// The clock of real programs is set under load, by faketime: nothing is lost, and all goes on once it is right again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TempDirectory } from '../temp-directory.ts';
import { FakeClock, withoutFakeClocks } from './fake-clock.ts';
import { Field } from './field.ts';
import { idsInFile, resultOf } from './proof.ts';

const LOADS = 2;
/** Alerts a second of one load agent. */
const RATE = 150;
/** Longer than an agent needs to notice that its clock was set. */
const WRONG_MS = 7_000;
const SETTLE_MS = 120_000;
/** Days that the clock is off: a certificate of an agent is good for one, and central's own for seven. */
const JUMPS = process.env['SEALWATCH_FAULTS_EACH'] === undefined ? [3] : [-1, 3, -30];

for (const side of ['central', 'agents'] as const) {
  test(`the clock of ${side} set back and ahead under load, and restarts meanwhile, lose nothing`, {
    skip: withoutFakeClocks(),
  }, async (context) => {
    using directory = new TempDirectory();
    const clock = new FakeClock(directory.at('clock'));
    const isOff = (name: string) => (name === 'central') === (side === 'central');
    const field = await Field.open({
      ...{ directory, network: null, loads: LOADS, rate: RATE },
      clocked: (name, command) => (isOff(name) ? clock.on(command) : command),
      stored: async () => idsInFile(directory.at('central', 'central.db')),
    });
    try {
      await field.start();
      for (const days of JUMPS) {
        clock.set(days);
        await sleep(WRONG_MS);
        const victim = field.victim(side === 'central' ? 'central' : 'load-0');
        await victim.kill();
        victim.start();
        await victim.ready();
        await sleep(WRONG_MS);
        clock.set(0);
        const finding = await field.recovered(SETTLE_MS);
        context.diagnostic(resultOf(`clock of ${side} off by ${days} days`, finding));
        field.assertWhole(finding);
      }
      await field.settle();
      const finding = await field.settled(SETTLE_MS);
      assert.ok(finding.alerts > RATE);
      field.assertWhole(finding);
    } finally {
      await field.stop();
    }
  });
}
