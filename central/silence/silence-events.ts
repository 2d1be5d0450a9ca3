import type { StopReason } from '../../wire/index.ts';
import type { LastState } from './last-state.ts';
import type { OwnEvent } from './own-alerts.ts';

/** Hosts that an event about many names. */
const MAX_NAMED = 20;
/** Agents that are told one by one when they are found silent or stopped together; more are told as one. */
export const MAX_TOLD = 100;
/** Host of an event that is about many. */
const MANY_HOSTS = '(several hosts)';

/** An agent is not heard from: what it last said of itself. */
export function silentEvent(state: LastState, count: number, time: number): OwnEvent {
  const often = count === 1 ? '' : `; silent ${count} times since the last alert`;
  return {
    host: state.host,
    count,
    time,
    fields: {
      'agent.event': 'silent',
      ...fieldsOf(state),
      'agent.waiting': state.waiting,
      'agent.collectors': [...state.collectors],
      'agent.lost': Object.entries(state.lost).map(([stage, lost]) => `${stage}: ${lost}`),
      'agent.detail': `last heard of ${state.lastSeen}${often}`,
    },
  };
}

/** Many agents are not heard from: a cut network, rather than so many hosts. */
export function outageEvent(
  silent: readonly LastState[],
  overdue: number,
  expected: number,
  time: number,
): OwnEvent {
  const named = silent.slice(0, MAX_NAMED).map(({ host }) => host);
  const groups = [...new Set(silent.map(({ group }) => group).filter((group) => group !== ''))];
  return {
    host: MANY_HOSTS,
    count: Math.max(1, overdue),
    time,
    fields: {
      'agent.event': 'silent',
      'agent.count': overdue,
      'agent.expected': expected,
      'agent.hosts': named,
      'agent.groups': groups.sort().slice(0, MAX_NAMED),
      'agent.detail': `${overdue} of ${expected} agents are not heard from; those that do not return are told of later`,
    },
  };
}

/** An agent that was told of as silent is heard again. */
export function returnedEvent(state: LastState, silentMs: number, time: number): OwnEvent {
  return {
    host: state.host,
    count: 1,
    time,
    fields: {
      'agent.event': 'returned',
      ...fieldsOf(state),
      'agent.silent_ms': Math.round(silentMs),
      'agent.detail': `heard again after ${Math.round(silentMs / 1_000)} s`,
    },
  };
}

/** Many agents are heard again. */
export function allReturnedEvent(count: number, missing: number, time: number): OwnEvent {
  return {
    host: MANY_HOSTS,
    count: Math.max(1, count),
    time,
    fields: {
      'agent.event': 'returned',
      'agent.count': count,
      'agent.missing': missing,
      'agent.detail': `${count} agents are heard again, ${missing} are not`,
    },
  };
}

/** An agent was stopped on purpose, so that its host is not watched. */
export function stoppedEvent(state: LastState, reason: StopReason, count: number, time: number): OwnEvent {
  const often = count === 1 ? '' : `; stopped ${count} times since the last alert`;
  return {
    host: state.host,
    count,
    time,
    fields: {
      'agent.event': 'stopped',
      ...fieldsOf(state),
      'agent.stop_reason': reason,
      'agent.detail': `${STOPPED[reason]}, last heard of ${state.lastSeen}${often}`,
    },
  };
}

/** Many agents were stopped on purpose within a second. */
export function allStoppedEvent(
  stopped: readonly { readonly state: LastState; readonly reason: StopReason }[],
  time: number,
): OwnEvent {
  const reasons = [...new Set(stopped.map(({ reason }) => reason))].sort();
  return {
    host: MANY_HOSTS,
    count: stopped.length,
    time,
    fields: {
      'agent.event': 'stopped',
      'agent.count': stopped.length,
      'agent.hosts': stopped.slice(0, MAX_NAMED).map(({ state }) => state.host),
      'agent.stop_reason': reasons,
      'agent.detail': `${stopped.length} agents were stopped at once`,
    },
  };
}

const STOPPED: Readonly<Record<StopReason, string>> = {
  stop: 'the agent was stopped',
  upgrade: 'the agent was stopped for an upgrade and did not come back',
  uninstall: 'the agent is being uninstalled',
};

function fieldsOf({ id, host, group, version, lastSeen }: LastState): OwnEvent['fields'] {
  return {
    'agent.id': id,
    'agent.host': host,
    'agent.group': group,
    'agent.version': version,
    'agent.last_seen': lastSeen,
  };
}
