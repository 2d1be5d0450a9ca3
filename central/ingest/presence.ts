import type { AgentFrame } from '../../wire/index.ts';
import { type CentralLog, describeError } from '../log.ts';
import type { AgentState } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { afterLossFrame, type Losses, lossesOf } from './losses.ts';

/** Agents in one statement, so that its parameters stay under every database's limit. */
const AGENTS_PER_STATEMENT = 500;
/** Differing notes in one write; what is over waits for the next. */
const MAX_NOTES_PER_WRITE = 2_000;

type Heartbeat = Extract<AgentFrame, { type: 'heartbeat' }>;
type LossFrame = Extract<AgentFrame, { type: 'loss' }>;

interface Note {
  readonly state: AgentState;
  /** RFC 3339, whole seconds, so that many agents share one statement. */
  readonly seen: string;
  readonly waiting: number | null;
  readonly health: string | null;
}

export interface PresenceParts {
  readonly store: Pick<Store, 'db'>;
  readonly log: CentralLog;
  readonly noteIntervalMs: number;
}

/**
 * What is known of agents between two writes: the last word of each. Thousands of heartbeats a second come to a few
 * statements every few seconds, and what is lost with a crash is told again by the next heartbeat.
 */
export class Presence {
  readonly #parts: PresenceParts;
  readonly #timer: NodeJS.Timeout;
  #notes = new Map<string, Note>();
  #losses = new Map<string, { readonly since: string; readonly lost: Losses }>();
  #last: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.flush(), parts.noteIntervalMs).unref();
  }

  /** @param now milliseconds since the epoch */
  heard(agent: string, now: number, heartbeat: Heartbeat | null = null): void {
    const before = this.#notes.get(agent);
    const { waiting, health } = heartbeat ?? {};
    this.#notes.set(agent, {
      state: 'connected',
      seen: wholeSecond(now),
      waiting: waiting ?? before?.waiting ?? null,
      health: health === undefined ? (before?.health ?? null) : JSON.stringify(health),
    });
  }

  left(agent: string, now: number, state: AgentState): void {
    const { waiting = null, health = null } = this.#notes.get(agent) ?? {};
    this.#notes.set(agent, { state, seen: wholeSecond(now), waiting, health });
  }

  lost(agent: string, { since, lost }: LossFrame): void {
    this.#losses.set(agent, { since, lost });
  }

  /** Writes what is not written yet; never rejects. Where the database fails, it is tried again with the next write. */
  flush(): Promise<void> {
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    const [notes, losses] = [this.#notes, this.#losses];
    if (notes.size === 0 && losses.size === 0) return;
    this.#notes = new Map();
    this.#losses = new Map();
    try {
      await this.#writeNotes(notes);
      await this.#writeLosses(losses);
      this.#isFailing = false;
    } catch (error) {
      // What came meanwhile is newer.
      this.#notes = new Map([...notes, ...this.#notes]);
      this.#losses = new Map([...losses, ...this.#losses]);
      if (!this.#isFailing) {
        this.#parts.log.error('what agents said of themselves cannot be stored; it is tried again', {
          error: describeError(error),
        });
      }
      this.#isFailing = true;
    }
  }

  async #writeNotes(notes: ReadonlyMap<string, Note>): Promise<void> {
    const alike = new Map<string, { readonly note: Note; readonly agents: string[] }>();
    for (const [agent, note] of notes) {
      const key = `${note.state} ${note.seen} ${note.waiting} ${note.health}`;
      const group = alike.get(key);
      if (group !== undefined) group.agents.push(agent);
      else if (alike.size < MAX_NOTES_PER_WRITE) alike.set(key, { note, agents: [agent] });
      else if (!this.#notes.has(agent)) this.#notes.set(agent, note);
    }
    await this.#parts.store.db.transaction().execute(async (transaction) => {
      for (const { note, agents } of alike.values()) {
        const { state, seen, waiting, health } = note;
        const set = {
          state,
          last_seen: seen,
          ...(waiting === null ? {} : { waiting }),
          ...(health === null ? {} : { health }),
        };
        for (const some of chunks(agents)) {
          await transaction.updateTable('agents').set(set).where('id', 'in', some).execute();
        }
      }
    });
  }

  async #writeLosses(
    losses: ReadonlyMap<string, { readonly since: string; readonly lost: Losses }>,
  ): Promise<void> {
    for (const some of chunks([...losses.keys()])) {
      await this.#parts.store.db.transaction().execute(async (transaction) => {
        const rows = await transaction
          .selectFrom('agents')
          .select(['id', 'lost', 'lost_before', 'lost_since'])
          .where('id', 'in', some)
          .execute();
        for (const row of rows) {
          const said = losses.get(row.id);
          if (said === undefined) continue;
          const kept = {
            lost: lossesOf(row.lost),
            lostBefore: lossesOf(row.lost_before),
            since: row.lost_since,
          };
          const { lost, lostBefore, since } = afterLossFrame(kept, said.since, said.lost);
          await transaction
            .updateTable('agents')
            .set({
              lost: JSON.stringify(lost),
              lost_before: JSON.stringify(lostBefore),
              lost_since: since,
            })
            .where('id', '=', row.id)
            .execute();
        }
      });
    }
  }
}

function wholeSecond(now: number): string {
  return new Date(Math.floor(now / 1_000) * 1_000).toISOString();
}

function chunks(agents: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let start = 0; start < agents.length; start += AGENTS_PER_STATEMENT) {
    parts.push(agents.slice(start, start + AGENTS_PER_STATEMENT));
  }
  return parts;
}
