import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { mebibytes } from '../output.ts';
import { SERVICE_PARTS, UNITS } from '../service/parts.ts';
import { RECORD_PATH, ServiceRecord, type WrittenFile } from '../service/service-record.ts';
import { askSystemd, launchdStatus, systemdStatus, type UnitStatus } from '../service/service-status.ts';
import { type Check, unseen, well, wrong } from './check.ts';
import { lookInto, type Surroundings } from './surroundings.ts';

/** Bytes below which an agent gives up work from the start. */
const LEAST_MEMORY_BYTES = 96 * 1024 * 1024;

/** The services of this host; null where no service manager answers. */
export function unitsOf({ platform, run }: Surroundings): readonly UnitStatus[] | null {
  const written = writtenHere();
  if (platform === 'darwin') return launchdStatus(SERVICE_PARTS, run, written);
  return platform === 'linux' ? systemdStatus(SERVICE_PARTS, askSystemd(run), written) : null;
}

/** What `service install` wrote; a record that cannot be believed says nothing of units. */
function writtenHere(): readonly WrittenFile[] {
  try {
    return new ServiceRecord(RECORD_PATH).read();
  } catch (error) {
    if (error instanceof CliError) return [];
    throw error;
  }
}

/** How the services stand, and what their unit lets the agent use. */
export function unitChecks(here: Surroundings, units: readonly UnitStatus[] | null): readonly Check[] {
  if (units === null) return [unseen('services', 'no service manager answers here')];
  const installed = units.filter((unit) => unit.installed_by !== null);
  if (installed.length === 0) return [well('services', 'none is installed')];
  const [agent] = UNITS.agent;
  const main = installed.find(({ unit }) => unit === agent);
  return [...installed.map(unitCheck), ...(main?.pid == null ? [] : [memoryCheck(here, main.pid)])];
}

function unitCheck(status: UnitStatus): Check {
  const { unit, part, enabled, active, last_exit: exit, changed, drop_ins: dropIns } = status;
  const name = `service ${unit}`;
  const fix = (text: string) => text.replaceAll('UNIT', unit);
  const ended = exit === null ? '' : `, last exit ${exit.result} ${exit.status}`;
  const detail = `${active ?? 'unknown'}, ${enabled ?? 'not enabled'}${ended}`;
  const more = dropIns.length === 0 ? '' : `; settings added by ${dropIns.join(', ')}`;
  if (enabled === 'masked' || enabled === 'masked-runtime')
    return wrong(name, 'unit-masked', detail, fix('find out who did that; then systemctl unmask UNIT'));
  if (active === 'failed') {
    return wrong(
      name,
      'unit-failed',
      detail,
      fix('journalctl -u UNIT -n 50 shows why; then systemctl restart UNIT'),
    );
  }
  if (changed) return wrong(name, 'unit-changed', `${detail}${more}`);
  const mustRun = unit === UNITS[part][0] || unit.startsWith('dev.');
  if (mustRun && active !== 'active')
    return wrong(name, 'unit-inactive', detail, fix('systemctl enable --now UNIT'));
  return well(name, `${detail}${more}`);
}

/** The limit of the control group that the agent runs in (cgroup v2). */
function memoryCheck({ proc, sys }: Surroundings, pid: number): Check {
  const name = 'memory limit';
  const found = lookInto(join(proc, String(pid), 'cgroup'));
  const path = 'text' in found ? /^0::(\/.*)$/m.exec(found.text)?.[1] : undefined;
  const group = path === undefined ? null : join(sys, 'fs', 'cgroup', path);
  if (group === null || !existsSync(join(group, 'memory.high')))
    return unseen(name, 'no cgroup v2 with memory limits');
  const limits = ['memory.high', 'memory.max'].map((file) => {
    const text = lookInto(join(group, file));
    return 'text' in text && /^\d+$/.test(text.text.trim()) ? Number(text.text) : Number.POSITIVE_INFINITY;
  });
  const least = Math.min(...limits);
  if (least === Number.POSITIVE_INFINITY) return well(name, 'none');
  const detail = mebibytes(least);
  return least < LEAST_MEMORY_BYTES ? wrong(name, 'memory-limit-low', detail) : well(name, detail);
}
