import pg from 'pg';
import { type CentralLog, describeError } from '../log.ts';
import type { DatabasePlace } from '../store/place.ts';

/** First key of the advisory locks of leaders: "SWCL". */
const CLASS = 0x53_57_43_4c;
/** What one node of a cluster does at a time. */
const DUTIES = { feeds: 1, silence: 2, rollouts: 3, retention: 4 } as const;
export type Duty = keyof typeof DUTIES;
/** Milliseconds between two looks: of a leader whether it still is, of the others whether the place is free. */
const CLAIM_LOOK_MS = 2_000;
/** Milliseconds after which a database that does not answer ends the leadership. */
const LEADER_ANSWER_MS = 5_000;
/**
 * Seconds after which PostgreSQL gives up a leader whose host is gone: by then the leader itself, which has no answer
 * either, has stopped.
 */
const KEEPALIVE =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3';

interface LeadershipParts {
  readonly place: DatabasePlace;
  readonly duty: Duty;
  readonly log: CentralLog;
  /** Begins the duty. Its signal comes when this node leads no longer; it must end what it does then. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/**
 * One node of a cluster does a duty; another takes it over when that one dies. The claim is an advisory lock of
 * PostgreSQL on a connection of its own, which the server frees with the connection (its manual, 13.3.5). The one
 * central of an SQLite file always leads.
 */
export class Leadership {
  readonly #parts: LeadershipParts;
  readonly #stopping = new AbortController();
  readonly #work: Promise<void>;
  #isLeader = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.#work =
      typeof parts.place === 'string'
        ? this.#serve(this.#stopping.signal)
        : this.#strive(parts.place.postgresUrl);
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Ends the duty, then lets go of the claim. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { lead, duty, log } = this.#parts;
    this.#isLeader = true;
    log.info('this node leads', { duty });
    try {
      await lead(signal);
      if (!signal.aborted) await aborted(signal);
    } catch (error) {
      log.error('a duty failed', { duty, error: describeError(error) });
    } finally {
      this.#isLeader = false;
    }
  }

  async #strive(url: string): Promise<void> {
    const { signal } = this.#stopping;
    let isFailing = false;
    while (!signal.aborted) {
      const client = new pg.Client({
        connectionString: url,
        application_name: 'sealwatch-leader',
        connectionTimeoutMillis: LEADER_ANSWER_MS,
        query_timeout: LEADER_ANSWER_MS,
        keepAlive: true,
      });
      try {
        await this.#hold(client);
        isFailing = false;
      } catch (error) {
        const fields = { duty: this.#parts.duty, error: describeError(error) };
        if (!isFailing) this.#parts.log.warn('nobody can be asked who leads; it is tried again', fields);
        isFailing = true;
      } finally {
        await client.end().catch(() => undefined);
      }
      await pause(CLAIM_LOOK_MS, signal);
    }
  }

  /** Claims the duty over one connection until that is lost. @throws where it is */
  async #hold(client: pg.Client): Promise<void> {
    const { signal } = this.#stopping;
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    await client.connect();
    await client.query(KEEPALIVE);
    while (!(await this.#claims(client))) {
      await pause(CLAIM_LOOK_MS, AbortSignal.any([signal, lost.signal]));
      if (signal.aborted) return;
    }
    const duty = this.#serve(AbortSignal.any([signal, lost.signal]));
    try {
      while (!signal.aborted && this.#isLeader) {
        await pause(CLAIM_LOOK_MS, AbortSignal.any([signal, lost.signal]));
        if (!signal.aborted) await client.query('SELECT 1');
      }
    } finally {
      lost.abort();
      await duty;
    }
  }

  async #claims(client: pg.Client): Promise<boolean> {
    const text = 'SELECT pg_try_advisory_lock($1::int, $2::int) AS mine';
    const { rows } = await client.query<{ mine: boolean }>(text, [CLASS, DUTIES[this.#parts.duty]]);
    return rows[0]?.mine === true;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
