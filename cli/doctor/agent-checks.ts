import { type AgentStatus, askStatus } from '../../agent/index.ts';
import { UNITS } from '../service/parts.ts';
import type { UnitStatus } from '../service/service-status.ts';
import { type CauseCode, knownCause } from './causes.ts';
import { type Check, unseen, well, wrong } from './check.ts';
import { isForbidden, type Surroundings } from './surroundings.ts';

/** Alerts that wait for central although it is connected, beyond which something is wrong. */
const MANY_WAITING = 10_000;

/** What the running agent says of itself: every degraded state with its cause. */
export async function agentChecks(
  { install, stateDir }: Pick<Surroundings, 'install' | 'stateDir'>,
  units: readonly UnitStatus[] | null,
): Promise<readonly Check[]> {
  let status: AgentStatus;
  try {
    status = await askStatus(stateDir);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : null;
    if (isForbidden(cause)) return [unseen('agent', 'only root and the user of the agent may ask it')];
    return [wrong('agent', 'agent-not-running', `no agent answers at ${stateDir}`)];
  }
  return [
    processCheck(status, install.version, units),
    ...status.collectors.map(collectorCheck),
    enrolmentCheck(status),
    connectionCheck(status),
    ...ruleChecks(status),
    ...approvalChecks(status),
    ...status.bundles_refused.map(({ kind, version, code }) =>
      wrong(`bundle ${kind}`, 'bundle-refused', `version ${version}: ${code}`),
    ),
    ...lossChecks(status),
  ];
}

function processCheck(
  { pid, version, started }: AgentStatus,
  installed: string,
  units: readonly UnitStatus[] | null,
): Check {
  const [name, detail] = ['agent', `version ${version}, pid ${pid}, since ${started}`];
  const service = units?.find(({ unit }) => unit === UNITS.agent[0])?.pid ?? null;
  if (service !== null && service !== pid)
    return wrong(
      name,
      'agent-other-program',
      `${detail}; the service is pid ${service}`,
      `kill ${pid}; systemctl restart sealwatch-agent`,
    );
  if (version !== installed)
    return wrong(name, 'agent-other-version', `${detail}; installed is ${installed}`);
  return well(name, detail);
}

function collectorCheck({ name: collector, state, code, detail }: AgentStatus['collectors'][number]): Check {
  const name = `collector ${collector}`;
  if (state === 'ok') return well(name, detail);
  // Nobody released a checkout, which is no fault of it.
  if (code === 'package-unsigned') return unseen(name, detail);
  return wrong(name, knownCause(code) ?? 'collector-unknown', `${state}: ${detail}`);
}

function enrolmentCheck({ central: { enrolment } }: AgentStatus): Check {
  const name = 'enrolment';
  const { state, code, detail, expires } = enrolment;
  if (state === 'enrolled') return well(name, `enrolled, certificate until ${expires}`);
  return wrong(name, knownCause(code) ?? 'enrolment-refused', `${state}: ${detail}`);
}

function connectionCheck({ central: { connected, waiting, enrolment } }: AgentStatus): Check {
  const name = 'connection to central';
  const detail = `${connected ? 'connected' : 'not connected'}, ${waiting} alerts waiting`;
  // Without a certificate there is no connection, and its check says why.
  if (!connected && enrolment.state === 'enrolled') return wrong(name, 'central-disconnected', detail);
  return waiting > MANY_WAITING ? wrong(name, 'spool-waiting', detail) : well(name, detail);
}

function ruleChecks({ rules: { loaded, refused, pack_refused } }: AgentStatus): readonly Check[] {
  const name = 'rules in force';
  const detail = `${loaded} loaded, ${refused} refused`;
  const code = loaded === 0 ? 'rules-none' : refused > 0 ? 'rules-refused' : null;
  return [
    code === null ? well(name, detail) : wrong(name, code, detail),
    ...(pack_refused ? [wrong('rule pack', 'rule-pack-refused', 'the one before is in force')] : []),
  ];
}

function approvalChecks({ servers, problems }: AgentStatus): readonly Check[] {
  const { invalid = 0, expired = 0 } = servers;
  const counts: readonly (readonly [string, number, CauseCode])[] = [
    ['approvals', invalid, 'approvals-invalid'],
    ['approvals over', expired, 'approvals-expired'],
    ['configs', problems, 'configs-unreadable'],
  ];
  return counts.flatMap(([name, count, code]) => (count === 0 ? [] : [wrong(name, code, String(count))]));
}

function lossChecks({ lost, started }: AgentStatus): readonly Check[] {
  return Object.entries(lost)
    .filter(([, count]) => count > 0)
    .map(([stage, count]) =>
      wrong(
        `lost at ${stage}`,
        knownCause(`lost-${stage}`) ?? 'collector-unknown',
        `${count} since ${started}`,
      ),
    );
}
