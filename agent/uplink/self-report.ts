import { type AgentFrame, limits } from '../../wire/index.ts';

/** Milliseconds between two frames about losses. */
const LOSS_FRAME_MS = 1_000;
const MAX_DETAIL_CHARS = 500;

type Heartbeat = Extract<AgentFrame, { type: 'heartbeat' }>;
type HealthEntry = NonNullable<Heartbeat['health']>[number];

/** What an agent knows of itself; asked for when it is sent. */
export interface SelfKnowledge {
  /** When this run began. */
  readonly started: Date;
  /** Losses of this run by stage: totals. */
  readonly lost: () => Readonly<Record<string, number>>;
  readonly health: () => Iterable<HealthEntry>;
}

/** What an agent tells central of itself: how its collectors are, and what it could not carry. */
export class SelfReport {
  readonly #knowledge: SelfKnowledge;
  readonly #send: (frame: AgentFrame) => void;
  #timer: NodeJS.Timeout | null = null;
  #isDue = false;

  constructor(knowledge: SelfKnowledge, send: (frame: AgentFrame) => void) {
    this.#knowledge = knowledge;
    this.#send = send;
  }

  heartbeat(lastSeq: number, waiting: number): void {
    const health = [...this.#knowledge.health()]
      .slice(0, limits.MAX_HEALTH_ENTRIES)
      .map(({ collector, state, code, detail }) => ({
        collector,
        state,
        ...(code === undefined ? {} : { code }),
        detail: detail.slice(0, MAX_DETAIL_CHARS),
      }));
    this.#send({ type: 'heartbeat', last_seq: lastSeq, waiting, health });
  }

  /** Losses have grown: they are told now, or a second after they were last told. */
  lossesChanged(): void {
    if (this.#timer !== null) {
      this.#isDue = true;
      return;
    }
    this.losses();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#isDue) this.lossesChanged();
    }, LOSS_FRAME_MS).unref();
  }

  /** Tells all losses of this run. */
  losses(): void {
    this.#isDue = false;
    const { started, lost } = this.#knowledge;
    const stages = Object.entries(lost()).slice(0, limits.MAX_LOSS_STAGES);
    this.#send({ type: 'loss', since: started.toISOString(), lost: Object.fromEntries(stages) });
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
