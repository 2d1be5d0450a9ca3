import type { Generated, Insertable } from 'kysely';
import type { Severity } from '../../wire/index.ts';

/** `connected`; `stopped`: said goodbye; `disconnected`: went away without a word. */
export const AGENT_STATES = ['connected', 'stopped', 'disconnected'] as const;
export type AgentState = (typeof AGENT_STATES)[number];

/** Times are RFC 3339, UTC, with milliseconds, so that they sort as text. */
export interface Schema {
  agents: {
    id: string;
    host: string;
    os: string;
    version: string;
    first_seen: string;
    last_seen: string;
    /** Highest seq committed. */
    last_seq: number;
    state: AgentState;
  };
  alerts: {
    /** Order of commit; cursor of pages and feeds; never used twice. */
    position: Generated<number>;
    agent: string;
    seq: number;
    id: string;
    time: string;
    received: string;
    host: string;
    user: string;
    name: string;
    level: Severity;
    server_id: string | null;
    server_name: string | null;
    client: string | null;
    /** The Alert as JSON. */
    body: string;
  };
  servers: { agent: string; id: string; body: string; updated: string };
  feeds: { name: string; position: number };
}

export type AlertRow = Insertable<Schema['alerts']>;
