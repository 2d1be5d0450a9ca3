import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { readInput } from '../../input-text.ts';
import type { Installation } from '../../installation.ts';
import type { Output } from '../../output.ts';
import { planInstall } from '../../service/install-plan.ts';
import { refuseUnfitRoot } from '../../service/installation-root.ts';
import { carryOut, stepLine } from '../../service/steps.ts';
import {
  destdirOf,
  namedParts,
  recordIn,
  refuseUnable,
  rootSeen,
  type ServiceChoice,
  type ServiceHost,
  thisHost,
} from './place.ts';

const MAX_TOKEN_BYTES = 4_096;

export interface InstallChoice extends ServiceChoice {
  readonly central?: string;
  /** File with the enrolment token; `-` is stdin. */
  readonly tokenFile?: string;
}

/** `sealwatch service install`: has the service manager run agent or central from this installation. */
export function serviceInstall(
  choice: InstallChoice,
  install: Installation,
  output: Output,
  host: ServiceHost = thisHost(),
): ExitCode {
  const isDry = choice.dryRun === true;
  refuseUnable(host, install, choice);
  const destdir = destdirOf(choice);
  const seenAs = rootSeen(install, destdir);
  refuseUnfitRoot(install.root, { owners: host.owners, seenAs, platform: host.platform });
  const kept = recordIn(destdir);
  const { steps, record } = planInstall({
    parts: namedParts(choice) ?? ['agent'],
    platform: host.platform,
    root: install.root,
    seenAs,
    destdir,
    central: centralOf(choice),
    token: tokenOf(choice),
    written: kept.read(),
  });
  // Before anything else is done: what fails half-way can be removed again.
  if (!isDry) kept.write(record);
  const done = steps.map((step) => {
    const outcome = isDry ? 'planned' : carryOut(step, { destdir, run: host.run });
    if (!output.json) output.answer(outcome === 'same' ? `${stepLine(step)}: is so already` : stepLine(step));
    return { step: stepLine(step), outcome };
  });
  if (output.json) output.answerJson({ dry_run: isDry, root: seenAs, steps: done });
  else if (!isDry && destdir === '') output.say('sealwatch: installed; see `sealwatch service status`');
  return EXIT.fine;
}

function centralOf({ central }: InstallChoice): string | null {
  if (central === undefined) return null;
  if (/^wss:\/\/[^\s/]+\/?$/.test(central) && URL.canParse(central)) return central;
  throw new CliError('CLI_USAGE', `${central} is no address of central`, {
    hint: 'it looks like wss://central.example.com:7443',
  });
}

/** A token is one word; what it says is central's matter. */
function tokenOf({ tokenFile }: InstallChoice): string | null {
  if (tokenFile === undefined) return null;
  const token = readInput(tokenFile, MAX_TOKEN_BYTES).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError('CLI_USAGE', `${tokenFile === '-' ? 'stdin' : tokenFile} holds no enrolment token`, {
    hint: 'make one with `sealwatch central token create`',
  });
}
