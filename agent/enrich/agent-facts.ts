import type { BundleKind, Health, Loss, Tamper } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import { alertServer, type KnownServer, serverFields } from './known-server.ts';
import { commandLine, type ProcessEntry } from './process-table.ts';

/** What a collector says of itself, as a fact for rules; null where there is nothing to tell. */
export function factOfSelf(event: Health | Loss, user: string): Fact | null {
  if (event.kind === 'health' && event.state === 'ok') return null;
  const fields =
    event.kind === 'loss'
      ? {
          'agent.event': 'events_lost',
          'agent.stage': event.stage,
          'agent.count': event.count,
          'agent.lost_in_subtrees': event.in_subtrees ?? null,
          'agent.detail': event.detail,
        }
      : {
          'agent.event': 'sensor_degraded',
          'agent.collector': event.collector,
          'agent.state': event.state,
          'agent.code': event.code,
          'agent.detail': event.detail,
        };
  return agentFact(event.time, fields, user);
}

/** The wall clock was set by some milliseconds: expiries and the order of events are in doubt. */
export function factOfClockJump(jumpMs: number, time: number, user: string): Fact {
  return agentFact(time, { 'agent.event': 'clock_jump', 'agent.jump_ms': jumpMs }, user);
}

/** Rules were to change and do not: what was in force before still is. */
export function factOfRefusedRules(path: string, detail: string, time: number, user: string): Fact {
  const fields = { 'agent.event': 'rules_refused', 'agent.detail': detail, TargetFilename: path };
  return agentFact(time, fields, user);
}

/** A bundle of central was refused: what was before is still in force. */
export function factOfRefusedBundle(
  kind: BundleKind,
  version: number,
  detail: string,
  time: number,
  user: string,
): Fact {
  const fields = { 'agent.event': 'bundle_refused', 'agent.detail': `bundle ${kind} ${version}: ${detail}` };
  return agentFact(time, fields, user);
}

/** The rules were read anew, and so many load now. */
export function factOfReloadedRules(count: number, detail: string, time: number, user: string): Fact {
  const fields = { 'agent.event': 'rules_reloaded', 'agent.count': count, 'agent.detail': detail };
  return agentFact(time, fields, user);
}

/** What only the sensor may change in the kernel was changed by somebody else. */
export function factOfTamper({ time, part }: Tamper, user: string): Fact {
  const fields = { 'agent.event': 'tampered', 'agent.part': part, 'agent.detail': TAMPERED[part] };
  return agentFact(time, fields, user);
}

/** The kernel no longer holds a member for one, though nothing but its end could do that. */
export function factOfTakenMark(
  { pid, exe, uid }: ProcessEntry,
  time: number,
  userName: (uid: number) => string,
): Fact {
  const part = 'marks';
  const detail = `${TAMPERED[part]}: process ${pid} (${exe})`;
  const fields = { 'agent.event': 'tampered', 'agent.part': part, 'agent.detail': detail };
  return agentFact(time, fields, userName(uid));
}

/** A server whose container is not watched, or not from its beginning on. */
export function factOfUnfollowed(
  entry: ProcessEntry,
  known: KnownServer,
  reason: string,
  userName: (uid: number) => string,
): Fact {
  const { pid, exe, argv, uid } = entry;
  const fields = {
    ...serverFields(known),
    'agent.event': 'sensor_degraded',
    'agent.collector': 'containers',
    'agent.state': 'degraded',
    'agent.detail': `the container of ${known.discovered.server.name} is not followed: ${reason}`,
  };
  const actor = { pid, exe, cmdline: commandLine(argv), in_subtree: true };
  return { ...agentFact(Date.now(), fields, userName(uid)), server: alertServer(known), actor };
}

const TAMPERED: Readonly<Record<Tamper['part'], string>> = {
  policies: 'what the kernel ends was changed by another process; it was told anew',
  programs: 'a program of the sensor was detached by another process',
  marks: 'a process that belongs to a server was unmarked in the kernel; it was marked anew',
};

/** A fact about the agent itself. */
export function agentFact(time: number, fields: Fact['fields'], user: string): Fact {
  return {
    time,
    logsource: { category: 'agent', product: 'sealwatch' },
    fields,
    user,
    server: null,
    actor: null,
    ancestry: [],
    change: null,
  };
}
