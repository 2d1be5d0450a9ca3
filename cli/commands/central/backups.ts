import {
  type BackupReport,
  backUp,
  databaseOf,
  describePlace,
  loadCentralConfig,
  restore,
} from '../../../central/index.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import type { CentralPlace } from './desk.ts';

/** `sealwatch central backup`: a consistent copy of the database, while central runs. */
export async function centralBackup(
  file: string,
  { config }: CentralPlace,
  output: Output,
): Promise<ExitCode> {
  const report = await backUp(databaseOf(loadCentralConfig(config)), file);
  answer(report, `${printable(report.path)}: ${report.alerts} alerts, ${report.bytes} bytes`, output);
  return EXIT.fine;
}

/** `sealwatch central restore`: puts a backup in the place of the database of a central that does not run. */
export async function centralRestore(
  file: string,
  { config, force }: CentralPlace & { readonly force: boolean },
  output: Output,
): Promise<ExitCode> {
  const place = databaseOf(loadCentralConfig(config));
  const report = await restore(place, file, { force });
  answer(report, `${printable(describePlace(place))} holds ${report.alerts} alerts again`, output);
  return EXIT.fine;
}

function answer(report: BackupReport, words: string, output: Output): void {
  if (output.json) output.answerJson(report);
  else output.answer(words);
}
