import type { EventSink } from '../../../collectors/collector.ts';
import type { CollectorEvent } from '../../../wire/index.ts';

type Kind = CollectorEvent['kind'];
type Of<K extends Kind> = Extract<CollectorEvent, { kind: K }>;

/** Keeps every event and lets a test wait for one. */
export class EventLog {
  readonly events: CollectorEvent[] = [];
  readonly #waiting = new Set<() => void>();

  readonly sink: EventSink = (event) => {
    this.events.push(event);
    for (const check of this.#waiting) check();
  };

  of<K extends Kind>(kind: K): readonly Of<K>[] {
    return this.events.filter((event): event is Of<K> => event.kind === kind);
  }

  /** Resolves with the first event of a kind, told already or yet to come, for which `matches` holds. */
  wait<K extends Kind>(kind: K, matches: (event: Of<K>) => boolean): Promise<Of<K>> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.of(kind).find(matches);
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** The exec events with an argument that holds the text. */
  execs(text: string): readonly Of<'process_exec'>[] {
    return this.of('process_exec').filter(({ argv }) => argv.some((arg) => arg.includes(text)));
  }
}
