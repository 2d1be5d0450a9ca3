import type { Health, Server } from '../wire/index.ts';
import type { AgentStatus } from './control/socket.ts';
import type { EnrolmentStatus } from './enrolment/enrolment.ts';
import type { Spool } from './state/spool.ts';

/** What a status is made of, beside what it says itself. */
export interface StatusParts
  extends Omit<AgentStatus, 'pid' | 'started' | 'central' | 'servers' | 'collectors' | 'problems'> {
  readonly started: Date;
  readonly isConnected: boolean;
  readonly enrolment: EnrolmentStatus;
  readonly spool: Pick<Spool, 'waiting' | 'last' | 'acked'>;
  readonly servers: readonly Server[];
  readonly problems: readonly unknown[];
  readonly health: Iterable<Health>;
}

/** What the agent says of itself. */
export function agentStatus(parts: StatusParts): AgentStatus {
  const { started, isConnected, enrolment, spool, servers, problems, health, ...rest } = parts;
  const states: Partial<Record<Server['state'], number>> = {};
  for (const { state } of servers) states[state] = (states[state] ?? 0) + 1;
  return {
    ...rest,
    pid: process.pid,
    started: started.toISOString(),
    central: {
      connected: isConnected,
      waiting: spool.waiting,
      last_seq: spool.last,
      acked_seq: spool.acked,
      enrolment: { ...enrolment },
    },
    servers: states,
    problems: problems.length,
    collectors: [...health].map(({ collector: name, state, code, detail }) => ({
      name,
      state,
      code,
      detail,
    })),
  };
}
