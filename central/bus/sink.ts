import type { Alert, Server } from '../../wire/index.ts';

/** What a session calls to make alerts durable. */
export interface AlertSink {
  /**
   * Takes a batch of one agent, in rising seq; what lies before it is durable already, or was given up. Answers the
   * highest seq below which nothing is missing, once that is durable. One batch of an agent at a time.
   * @throws {CentralError} CENTRAL_ALERT_…, CENTRAL_AGENT_UNKNOWN, CENTRAL_BUS_… or CENTRAL_DATABASE_…: none of the
   * batch is acknowledged
   */
  store(agent: string, alerts: readonly Alert[], received: string): Promise<number>;
}

/** Where sessions write down what they learn of agents. Times are RFC 3339, UTC, milliseconds. */
export interface AgentBook {
  replaceInventory(agent: string, servers: readonly Server[], now: string): Promise<void>;
}
