import { STOPPING_FILE } from '../../../agent/index.ts';
import { confirm } from '../../ask.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import type { Installation } from '../../installation.ts';
import type { Output } from '../../output.ts';
import { SERVICE_PARTS } from '../../service/parts.ts';
import { carryOut, removeIfEmpty, stepLine } from '../../service/steps.ts';
import { tellUninstall } from '../../service/stopping-word.ts';
import { planUninstall } from '../../service/uninstall-plan.ts';
import {
  destdirOf,
  namedParts,
  recordIn,
  refuseUnable,
  type ServiceChoice,
  type ServiceHost,
  thisHost,
} from './place.ts';

export interface UninstallChoice extends ServiceChoice {
  /** Removes configuration, state and keys as well. */
  readonly purge?: boolean;
  readonly yes?: boolean;
}

/** `sealwatch service uninstall`: stops and removes what `service install` wrote, and says what it keeps. */
export async function serviceUninstall(
  choice: UninstallChoice,
  install: Installation,
  output: Output,
  host: ServiceHost = thisHost(),
): Promise<ExitCode> {
  const isDry = choice.dryRun === true;
  const purge = choice.purge === true;
  refuseUnable(host, install, choice);
  const destdir = destdirOf(choice);
  const kept = recordIn(destdir);
  const written = kept.read();
  const parts =
    namedParts(choice) ?? SERVICE_PARTS.filter((part) => written.some((file) => file.part === part));
  const plan = planUninstall({ parts, platform: host.platform, destdir, purge, written });
  if (plan.steps.length === 0) output.say('sealwatch: nothing of `service install` is here');
  if (purge && !isDry && plan.steps.length > 0)
    await confirm('Configuration, keys and unsent alerts go, too. Go on?', { yes: choice.yes === true });
  if (!isDry && destdir === '' && parts.includes('agent') && plan.steps.length > 0)
    tellUninstall(host.stoppingPath ?? STOPPING_FILE);
  const done = plan.steps.map((step) => {
    const outcome = isDry ? 'planned' : carryOut(step, { destdir, run: host.run });
    if (!output.json) output.answer(stepLine(step));
    return { step: stepLine(step), outcome };
  });
  if (!isDry) {
    kept.write(plan.record);
    removeIfEmpty(`${destdir}/etc/sealwatch`);
  }
  if (output.json) output.answerJson({ dry_run: isDry, steps: done, kept: plan.kept });
  else {
    for (const { path, why } of plan.kept) output.answer(`keep ${path} (${why})`);
    if (!purge && plan.kept.length > 0)
      output.say('sealwatch: --purge removes configuration, state and keys as well');
  }
  return EXIT.fine;
}
