import { setTimeout as sleep } from 'node:timers/promises';
import { readAlerts, readDatabase } from '../../agent/index.ts';
import { alertLines } from '../alert-line.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';

const PAGE = 500;
const POLL_MS = 500;

/** `sealwatch alerts list|tail`: the alerts that the agent of this host still holds, oldest first. */
export async function alerts(stateDir: string, follow: boolean, output: Output): Promise<ExitCode> {
  const database = readDatabase(stateDir);
  const stopped = stopSignal();
  let seq = 0;
  while (!stopped.aborted) {
    const page = readAlerts(database, seq, PAGE);
    for (const alert of page) {
      if (output.json) output.answerJson(alert);
      else output.answer(alertLines(alert, output));
      seq = alert.seq;
    }
    if (page.length === PAGE) continue;
    if (!follow) break;
    await sleep(POLL_MS, undefined, { signal: stopped }).catch(() => {});
  }
  database.close();
  return EXIT.fine;
}
