import { agentChecks } from '../doctor/agent-checks.ts';
import { centralChecks } from '../doctor/central-checks.ts';
import type { Check } from '../doctor/check.ts';
import { hostChecks } from '../doctor/host-checks.ts';
import { configCheck, placeChecks } from '../doctor/place-checks.ts';
import { type Surroundings, thisHost } from '../doctor/surroundings.ts';
import { unitChecks, unitsOf } from '../doctor/unit-checks.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Installation } from '../installation.ts';
import { type Output, printable } from '../output.ts';

const SIGNS = { ok: 'ok  ', wrong: 'FAIL', unseen: '?   ' } as const satisfies Record<Check['state'], string>;

export interface DoctorOptions {
  readonly stateDir: string;
  /** Config of the host's agent. */
  readonly config: string;
}

/** `sealwatch doctor`: what of this installation and host works, and what to do about the rest. */
export async function doctor(
  options: DoctorOptions,
  install: Installation,
  output: Output,
  here: Surroundings = thisHost(install, options),
): Promise<ExitCode> {
  const checks = await examine(here);
  if (output.json) output.answerJson({ checks });
  else for (const check of checks) tell(check, output);
  return checks.every((check) => check.ok) ? EXIT.fine : EXIT.findings;
}

async function examine(here: Surroundings): Promise<readonly Check[]> {
  const { check, config } = configCheck(here);
  // The config of the host is not that of an agent with another state directory.
  const own = config?.state_dir === here.stateDir ? config : null;
  const units = unitsOf(here);
  return [
    check,
    ...placeChecks(here, own),
    ...hostChecks(here),
    ...unitChecks(here, units),
    ...(own === null ? [] : await centralChecks(own, here.now)),
    ...(await agentChecks(here, units)),
  ];
}

function tell({ state, name, code, detail, cause, hint }: Check, output: Output): void {
  const words = detail.split('\n').map(printable).join('\n       ');
  output.answer(`${SIGNS[state]} ${printable(name)}: ${words}${code === null ? '' : ` (${code})`}`);
  if (cause !== null) output.answer(`       why:  ${cause}`);
  if (hint !== null) output.answer(`       hint: ${printable(hint)}`);
}
