import * as z from 'zod';
import { type Alert, limits, type RefusalCode, WireError } from '../../wire/index.ts';
import { CentralError } from '../errors.ts';

/** What central does not accept of an agent, as it says it before closing. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

const otherHello = z.object({
  type: z.literal('hello'),
  protocol: z.unknown().refine((protocol) => protocol !== limits.PROTOCOL_VERSION),
});

function speaksOtherVersion(text: string): boolean {
  return otherHello.safeParse(JSON.parse(text)).success;
}

/** Why a frame could not be read. */
export function refusalOfFrame(error: unknown, text: string): Refusal {
  if (!(error instanceof WireError))
    return { code: 'internal', message: 'central failed; connect again later' };
  if (error.code === 'WIRE_FRAME_TOO_LARGE') return { code: 'too-large', message: error.message };
  if (error.code === 'WIRE_FRAME_INVALID' && speaksOtherVersion(text)) {
    return {
      code: 'unsupported-protocol',
      message: `central speaks protocol ${limits.PROTOCOL_VERSION}`,
    };
  }
  return { code: 'bad-frame', message: error.message };
}

/** Why a batch could not be stored. */
export function refusalOfStore(error: unknown): Refusal {
  const code = error instanceof CentralError ? error.code : '';
  if (error instanceof CentralError && code.startsWith('CENTRAL_ALERT_ID_')) {
    return { code: 'bad-frame', message: error.message };
  }
  return code.startsWith('CENTRAL_BUS_')
    ? { code: 'busy', message: 'central cannot take alerts just now; connect again later' }
    : { code: 'internal', message: 'central could not store the frame; connect again later' };
}

/**
 * What lies before a batch must be committed, so that an ack says that nothing below it is missing. An agent that gave
 * up alerts says so with an `after` below the gap; one that says no `after` vouches for the gap itself.
 */
export function refusalOfGap(
  after: number | undefined,
  acked: number,
  alerts: readonly Alert[],
): Refusal | null {
  if (after === undefined) return null;
  if (after > acked) {
    return { code: 'seq-gap', message: `the batch follows ${after}, but only ${acked} is committed` };
  }
  const first = alerts[0]?.seq ?? 0;
  return first > after ? null : { code: 'seq-out-of-order', message: `seq ${first} follows ${after}` };
}

/**
 * A batch's seqs rise; gaps are allowed, since an agent may have evicted alerts. An alert's id spells
 * its agent, so that no agent can take the id of another's alert.
 */
export function refusalOfBatch(agent: string, alerts: readonly Alert[]): Refusal | null {
  let previous = 0;
  for (const alert of alerts) {
    if (alert.seq <= previous) {
      return { code: 'seq-out-of-order', message: `seq ${alert.seq} follows ${previous}` };
    }
    if (!alert.id.startsWith(`${agent}-`)) {
      return {
        code: 'bad-frame',
        message: `the id of the alert with seq ${alert.seq} does not name its agent`,
      };
    }
    previous = alert.seq;
  }
  return null;
}
