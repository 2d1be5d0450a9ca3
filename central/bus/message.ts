import type { MsgHdrs } from '@nats-io/transport-node';
import * as z from 'zod';
import { type Alert, alertSchema } from '../../wire/index.ts';
import { agentOfSubject } from './streams.ts';

/** What the message id is made of: the bus and the database agree on when two alerts are the same. */
const ID_HEADER = 'Nats-Msg-Id';
const RECEIVED_HEADER = 'Sealwatch-Received';
const NODE_HEADER = 'Sealwatch-Node';
const SETTLED_HEADER = 'Sealwatch-Settled';

const wholeNumber = z.coerce.number().int().nonnegative();
const time = z.iso.datetime({ precision: 3 });
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What travels with an alert. */
export interface Envelope {
  /** When an ingest node took it: RFC 3339, UTC, milliseconds. */
  readonly received: string;
  /** Name of that node. */
  readonly node: string;
  /** Seq up to which everything of this agent is durable once this message is. */
  readonly settled: number;
}

/** An alert as it comes from the bus. */
export interface Letter extends Envelope {
  readonly agent: string;
  readonly alert: Alert;
}

export function messageId(agent: string, seq: number): string {
  return `${agent}:${seq}`;
}

export function writeHeaders(headers: MsgHdrs, agent: string, seq: number, envelope: Envelope): MsgHdrs {
  headers.set(ID_HEADER, messageId(agent, seq));
  headers.set(RECEIVED_HEADER, envelope.received);
  headers.set(NODE_HEADER, envelope.node);
  headers.set(SETTLED_HEADER, String(envelope.settled));
  return headers;
}

export function encodeAlert(alert: Alert): Uint8Array {
  return encoder.encode(JSON.stringify(alert));
}

/** What the headers of a stored message say is settled; 0 where they say nothing. */
export function settledOf(headers: MsgHdrs | undefined): number {
  const parsed = wholeNumber.safeParse(headers?.get(SETTLED_HEADER));
  return parsed.success ? parsed.data : 0;
}

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** A message as a letter, or why it can never be one. */
export function readLetter({ subject, data, headers }: Message): Letter | string {
  const agent = agentOfSubject(subject);
  if (agent === null) return 'the subject names no agent';
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(data));
  } catch {
    return 'the message is not JSON';
  }
  const alert = alertSchema.safeParse(value);
  if (!alert.success) return `the message is not an alert: ${alert.error.issues[0]?.path.join('.') ?? ''}`;
  if (headers?.get(ID_HEADER) !== messageId(agent, alert.data.seq)) return 'the id is not that of the alert';
  const received = time.safeParse(headers.get(RECEIVED_HEADER));
  if (!received.success) return 'the time of receipt is missing';
  const node = headers.get(NODE_HEADER);
  return { agent, alert: alert.data, received: received.data, node, settled: settledOf(headers) };
}
