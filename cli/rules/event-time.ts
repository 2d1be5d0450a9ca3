import type { RuleEvent } from '../../rules/engine/index.ts';

/** Fields that hold the time of an event, the first that does counts. */
const TIME_FIELDS = ['@timestamp', 'timestamp', 'time', 'UtcTime', 'event.created', 'ts'] as const;
/** Numbers below are seconds of Unix time, others milliseconds: as milliseconds it is 1973, as seconds the year 5138. */
const FIRST_MILLISECONDS = 1e11;
const ISO_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:[.,]\d{1,9})?))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const NUMBER = /^\d{1,16}(?:\.\d{1,9})?$/;

/** Tells when recorded events happened; those that do not say happened with the one before. */
export class EventTime {
  readonly #fields: readonly string[];
  #last = 0;
  #untold = 0;

  /** @param field that holds the time; null for the usual ones */
  constructor(field: string | null) {
    this.#fields = field === null ? TIME_FIELDS : [field];
  }

  /** Events whose time was not told, or cannot be understood. */
  get untold(): number {
    return this.#untold;
  }

  /** Milliseconds of Unix time; 0 for events before the first that has a time. */
  of({ fields }: RuleEvent): number {
    for (const field of this.#fields) {
      const time = parseTime(fields[field]);
      if (time !== null) {
        this.#last = time;
        return time;
      }
    }
    this.#untold += 1;
    return this.#last;
  }
}

/** Milliseconds of Unix time of an ISO 8601 text (UTC where it names no zone) or of a number; else null. */
export function parseTime(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? fromNumber(value) : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  if (NUMBER.test(text)) return fromNumber(Number(text));
  const [, date, minutes = '00:00', seconds = '00', zone = 'Z'] = ISO_TIME.exec(text) ?? [];
  if (date === undefined) return null;
  const time = Date.parse(`${date}T${minutes}:${seconds.replace(',', '.')}${zoneOf(zone)}`);
  return Number.isNaN(time) ? null : time;
}

function fromNumber(value: number): number {
  return value < FIRST_MILLISECONDS ? value * 1000 : value;
}

/** `Z` or `+hh:mm`. */
function zoneOf(zone: string): string {
  if (zone.length < 3) return 'Z';
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
