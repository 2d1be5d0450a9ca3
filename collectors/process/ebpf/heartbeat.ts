/** Milliseconds between two questions, and until an answer is missed. */
const EVERY_MS = 5_000;
const PATIENCE_MS = 10_000;

export interface HeartbeatOptions {
  /** Asks; resolves with the answer, rejects where none can come any more. */
  readonly ask: () => Promise<void>;
  readonly onSilent: () => void;
  readonly onBack: () => void;
  readonly everyMs?: number;
  readonly patienceMs?: number;
}

/** Notices a process that lives and does not answer: stopped, starved, or held by a debugger. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #silent = false;
  #asking = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#beat(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
  }

  #beat(): void {
    if (this.#asking) return;
    this.#asking = true;
    this.#patience = setTimeout(() => {
      this.#silent = true;
      this.#options.onSilent();
    }, this.#options.patienceMs ?? PATIENCE_MS);
    this.#options
      .ask()
      .then(() => this.#answered())
      .catch(() => this.stop());
  }

  #answered(): void {
    clearTimeout(this.#patience);
    this.#asking = false;
    if (!this.#silent) return;
    this.#silent = false;
    this.#options.onBack();
  }
}
