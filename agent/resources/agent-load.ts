import type { HostView } from '../host-view.ts';
import type { HostWatch } from '../host-watch.ts';
import type { OwnState } from '../own-state.ts';
import type { ProcessWatch } from '../process-watch.ts';
import type { Admission } from './admission.ts';
import { LoadShedding } from './load-shedding.ts';
import { PressureGauge } from './pressure.ts';

/** Ended processes, and writers of files, that are remembered while memory is short. */
const FEW_REMEMBERED = 256;

export interface AgentLoadParts {
  readonly view: Pick<HostView, 'keepHashes'>;
  readonly watch: Pick<HostWatch, 'slowDown'>;
  readonly processes: Pick<ProcessWatch, 'remember'>;
  readonly admission: Admission;
  readonly own: Pick<OwnState, 'receive'>;
  readonly gauge?: Pick<PressureGauge, 'read'>;
}

/** What the agent gives up, in this order, while memory or processor time is short. */
export function agentLoad({
  view,
  watch,
  processes,
  admission,
  own,
  gauge = new PressureGauge(),
}: AgentLoadParts): LoadShedding {
  const caches = (isShort: boolean) => {
    view.keepHashes(!isShort);
    processes.remember(isShort ? FEW_REMEMBERED : undefined);
  };
  return new LoadShedding({
    pressure: () => gauge.read(),
    steps: [
      {
        words: 'caches and most of the remembered past are dropped',
        spares: ['memory'],
        shed: () => caches(true),
        restore: () => caches(false),
      },
      {
        words: 'the host is looked at less often',
        spares: ['memory', 'cpu'],
        shed: () => watch.slowDown(true),
        restore: () => watch.slowDown(false),
      },
      {
        words: 'deeds in floods and starts outside of servers are left out and counted',
        spares: ['memory', 'cpu'],
        shed: () => admission.narrow(true),
        restore: () => admission.narrow(false),
      },
    ],
    onHealth: (health) => own.receive(health),
    onLook: () => admission.tell(),
  });
}
