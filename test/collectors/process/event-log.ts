import type { EventSink } from '../../../collectors/collector.ts';
import type { CollectorEvent } from '../../../wire/index.ts';

type Kind = CollectorEvent['kind'];
type Of<K extends Kind> = Extract<CollectorEvent, { kind: K }>;

/** Keeps every event and lets a test wait for one. */
export class EventLog {
  readonly events: CollectorEvent[] = [];
  readonly #waiting = new Set<(event: CollectorEvent) => void>();

  readonly sink: EventSink = (event) => {
    this.events.push(event);
    for (const check of this.#waiting) check(event);
  };

  of<K extends Kind>(kind: K): readonly Of<K>[] {
    return this.events.filter((event): event is Of<K> => event.kind === kind);
  }

  /** Resolves with the first event of a kind, told already or yet to come, for which `matches` holds. */
  wait<K extends Kind>(kind: K, matches: (event: Of<K>) => boolean): Promise<Of<K>> {
    const told = this.of(kind).find(matches);
    if (told !== undefined) return Promise.resolve(told);
    return new Promise((resolve) => {
      // Looks at the new event only: a busy machine tells tens of thousands of others meanwhile.
      const check = (event: CollectorEvent): void => {
        if (!isOf(event, kind) || !matches(event)) return;
        this.#waiting.delete(check);
        resolve(event);
      };
      this.#waiting.add(check);
    });
  }

  /** The exec events with an argument that holds the text. */
  execs(text: string): readonly Of<'process_exec'>[] {
    return this.of('process_exec').filter(({ argv }) => argv.some((arg) => arg.includes(text)));
  }
}

function isOf<K extends Kind>(event: CollectorEvent, kind: K): event is Of<K> {
  return event.kind === kind;
}
