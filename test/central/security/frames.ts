import type { AgentFrame } from '../../../wire/index.ts';
import { hello } from '../bench.ts';
import { plainAlert, sampleServer } from '../samples.ts';

type FrameOf<T extends AgentFrame['type']> = Extract<AgentFrame, { type: T }>;

/** A good frame of each type; the compiler asks for one where the protocol gets another type. */
export const AGENT_FRAMES: { readonly [T in AgentFrame['type']]: FrameOf<T> } = {
  hello: hello() as FrameOf<'hello'>,
  batch: { type: 'batch', alerts: [plainAlert(1)] },
  inventory: { type: 'inventory', servers: [sampleServer('a')], omitted: 0 },
  heartbeat: { type: 'heartbeat', last_seq: 1, waiting: 3, health: [] },
  loss: { type: 'loss', since: '2026-08-01T10:00:00.000Z', lost: { spool: 1 } },
  bundle_state: {
    type: 'bundle_state',
    kind: 'rules',
    version: 1,
    state: 'applied',
    code: null,
    message: '',
  },
  result: { type: 'result', id: 'none', ok: true, message: '' },
  goodbye: { type: 'goodbye', reason: 'test' },
};
