import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { mebibytes, type Output, printable } from '../../output.ts';
import { SERVICE_PARTS, type ServicePart } from '../../service/parts.ts';
import {
  askSystemd,
  isWell,
  launchdStatus,
  systemdStatus,
  type UnitStatus,
} from '../../service/service-status.ts';
import { namedParts, type PartChoice, recordIn, type ServiceHost, thisHost } from './place.ts';

/** `sealwatch service status`: how the service manager sees what is installed. 1 where something of it does not run. */
export function serviceStatus(choice: PartChoice, output: Output, host: ServiceHost = thisHost()): ExitCode {
  const written = recordIn('').read();
  const all = ask(namedParts(choice) ?? SERVICE_PARTS, host, written);
  // Without a wish, what is not installed here is nobody's concern, unless nothing is.
  const installed = (part: ServicePart) =>
    all.some((unit) => unit.part === part && unit.installed_by !== null);
  const some = SERVICE_PARTS.some(installed);
  const units = namedParts(choice) === null && some ? all.filter(({ part }) => installed(part)) : all;
  if (output.json) output.answerJson({ units });
  else for (const unit of units) output.answer(unitLine(unit));
  if (!some && !output.json)
    output.say('sealwatch: no service is installed; `sealwatch service install` does it');
  return units.every(isWell) ? EXIT.fine : EXIT.findings;
}

function ask(
  parts: readonly ServicePart[],
  { platform, run, hasSystemd }: ServiceHost,
  written: ReturnType<ReturnType<typeof recordIn>['read']>,
): readonly UnitStatus[] {
  if (platform === 'darwin') return launchdStatus(parts, run, written);
  const units = platform === 'linux' && hasSystemd ? systemdStatus(parts, askSystemd(run), written) : null;
  if (units !== null) return units;
  throw new CliError('CLI_SERVICE_UNSUPPORTED', 'no service manager answers here', {
    hint: 'what runs without one is asked by `sealwatch status`',
  });
}

function unitLine(unit: UnitStatus): string {
  const { active, sub, enabled, since, pid, memory_bytes: memory, last_exit: exit } = unit;
  if (unit.installed_by === null) return `${unit.unit.padEnd(30)} not installed`;
  const parts = [
    `${active ?? 'unknown'}${sub === null ? '' : ` (${sub})`}`,
    ...(since === null ? [] : [`since ${since}`]),
    enabled ?? 'not enabled',
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(memory === null ? [] : [mebibytes(memory)]),
    ...(exit === null || (exit.result === 'success' && exit.status === 0)
      ? []
      : [`last exit ${exit.result} ${exit.status}`]),
    `by ${unit.installed_by}`,
    ...(unit.changed ? ['changed since'] : []),
    ...unit.drop_ins.map((path) => `drop-in ${path}`),
  ];
  return printable(`${unit.unit.padEnd(30)} ${parts.join(', ')}`);
}
