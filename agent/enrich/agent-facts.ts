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
  return {
    time: event.time,
    logsource: { category: 'agent', product: 'sealwatch' },
    fields,
    user,
    server: null,
    actor: null,
    ancestry: [],
    change: null,
  };
}
