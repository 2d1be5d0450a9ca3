import { databaseOf, loadCentralConfig, withAccessDesk } from '../../../central/index.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import type { Output } from '../../output.ts';
import type { CentralPlace } from './desk.ts';

/** `sealwatch central audit verify`: whether the chain of all entries holds; 1 where it does not. */
export async function auditVerify({ config }: CentralPlace, output: Output): Promise<ExitCode> {
  const verdict = await withAccessDesk(databaseOf(loadCentralConfig(config)), (desk) => desk.verifyAudit());
  if (output.json) output.answerJson(verdict);
  else if (verdict.intact) output.answer(`${verdict.entries} entries, intact; the newest is ${verdict.head}`);
  else output.answer(`not intact at entry ${verdict.at}: ${verdict.reason}`);
  return verdict.intact ? EXIT.fine : EXIT.findings;
}

/** `sealwatch central audit export`: every entry as a line of JSON, the oldest first. */
export async function auditExport({ config }: CentralPlace, output: Output): Promise<ExitCode> {
  await withAccessDesk(databaseOf(loadCentralConfig(config)), async (desk) => {
    for await (const entry of desk.auditEntries()) output.answerJson(entry);
  });
  return EXIT.fine;
}
