import type { Health, Loss } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';

/** What a collector says of itself, as a fact for rules; null where there is nothing to tell. */
export function factOfSelf(event: Health | Loss, user: string): Fact | null {
  if (event.kind === 'health' && event.state === 'ok') return null;
  const fields =
    event.kind === 'loss'
      ? {
          'agent.event': 'events_lost',
          'agent.stage': event.stage,
          'agent.count': event.count,
          'agent.detail': event.detail,
        }
      : {
          'agent.event': 'sensor_degraded',
          'agent.collector': event.collector,
          'agent.state': event.state,
          'agent.detail': event.detail,
        };
  return agentFact(event.time, fields, user);
}

/** The wall clock was set by some milliseconds: expiries and the order of events are in doubt. */
export function factOfClockJump(jumpMs: number, time: number, user: string): Fact {
  return agentFact(time, { 'agent.event': 'clock_jump', 'agent.jump_ms': jumpMs }, user);
}

function agentFact(time: number, fields: Fact['fields'], user: string): Fact {
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
