import { RuleError } from '../errors.ts';
import { MAX_EVENT_DEPTH, MAX_EVENT_ELEMENTS, MAX_EVENT_FIELDS } from '../limits.ts';
import type { Logsource } from '../parse/logsource.ts';

export type FieldScalar = string | number | boolean | null;
export type FieldValue = FieldScalar | readonly FieldScalar[];

/** What rules are matched against. */
export interface RuleEvent {
  /** By Sigma field name; a dotted name is one name, not a path. */
  readonly fields: Readonly<Record<string, FieldValue | undefined>>;
  /** Where it comes from. Without it, a rule's `logsource` is not looked at. */
  readonly logsource?: Logsource;
}

/** Case folding for comparisons: lower case, and one small sigma so that its place in a word does not count. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}

/** One value of a field, with its text and, once asked for, its folded text. */
export class Cell {
  readonly value: FieldScalar;
  readonly text: string;
  #folded: string | undefined;

  constructor(value: FieldScalar) {
    this.value = value;
    this.text = typeof value === 'string' ? value : String(value);
  }

  get folded(): string {
    this.#folded ??= fold(this.text);
    return this.#folded;
  }
}

/** Numbers the fields that rules name, so that an event's values are looked up by place. */
export class FieldTable {
  readonly #slots = new Map<string, number>();
  readonly #names: string[] = [];

  slot(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    this.#names.push(name);
    this.#slots.set(name, this.#names.length - 1);
    return this.#names.length - 1;
  }

  /** By slot. */
  get names(): readonly string[] {
    return this.#names;
  }
}

/**
 * An event while rules look at it; what several rules ask for is worked out once. One view serves event after
 * event: rules look at one at a time.
 */
export class EventView {
  readonly #names: readonly string[];
  readonly #cells: (readonly Cell[] | undefined)[];
  /** By slot: for which event its cells were made. */
  readonly #madeFor: Float64Array;
  /** By slot: for which event its text was folded, and what became of it; null where it is not one text. */
  readonly #foldedFor: Float64Array;
  readonly #folded: (string | null)[];
  #event = 0;
  #fields: RuleEvent['fields'] = {};
  #every: readonly Cell[] | undefined;

  /** @param table of all rules; fields that are added later are not seen */
  constructor(table: FieldTable) {
    this.#names = [...table.names];
    this.#cells = Array.from(this.#names, () => undefined);
    this.#madeFor = new Float64Array(this.#names.length);
    this.#foldedFor = new Float64Array(this.#names.length);
    this.#folded = Array.from(this.#names, () => null);
  }

  /** Turns to the next event. */
  show(event: RuleEvent): this {
    this.#event += 1;
    this.#fields = event.fields;
    this.#every = undefined;
    return this;
  }

  /** A field as the event has it, by its slot. */
  value(slot: number): unknown {
    return this.#fields[this.#names[slot] ?? ''];
  }

  /** The folded text of a field; null where the field is not one text. Most tests ask for nothing else. */
  folded(slot: number): string | null {
    if (this.#foldedFor[slot] === this.#event) return this.#folded[slot] ?? null;
    const value = this.value(slot);
    const folded = typeof value === 'string' ? fold(value) : null;
    this.#foldedFor[slot] = this.#event;
    this.#folded[slot] = folded;
    return folded;
  }

  /** The values of a field by its slot; undefined where the event does not carry it. */
  cells(slot: number): readonly Cell[] | undefined {
    if (this.#madeFor[slot] === this.#event) return this.#cells[slot];
    const cells = toCells(this.value(slot));
    this.#madeFor[slot] = this.#event;
    this.#cells[slot] = cells;
    return cells;
  }

  /** The values of all fields: what an unbound keyword searches. */
  every(): readonly Cell[] {
    this.#every ??= Object.values(this.#fields).flatMap((value) => toCells(value) ?? []);
    return this.#every;
  }
}

/** Nothing for what an object answers to but an event does not carry, such as `constructor`. */
function toCells(value: unknown): readonly Cell[] | undefined {
  if (Array.isArray(value)) return value.map((element: FieldScalar) => new Cell(element));
  return isScalar(value) ? [new Cell(value)] : undefined;
}

interface Flattening {
  readonly fields: Map<string, FieldScalar | FieldScalar[]>;
  elements: number;
}

/**
 * Turns one NDJSON record with Sigma field names into an event. Nested objects become dotted names, objects
 * in an array give arrays under those names, a name that is spelled with its dots wins over a nested one, and
 * the key `logsource` is taken out where it holds an object.
 * @throws RuleError `RULE_EVENT_INVALID` for what is not an object or is beyond the limits
 */
export function parseEventRecord(record: unknown): RuleEvent {
  if (!isObject(record)) throw new RuleError('RULE_EVENT_INVALID', 'an event must be a JSON object');
  const flat = flatEvent(record);
  if (flat !== undefined) return flat;
  const flattening: Flattening = { fields: new Map(), elements: 0 };
  const entries = Object.entries(record);
  const source = isObject(record['logsource']) ? readLogsource(record['logsource']) : undefined;
  for (const [name, value] of entries) {
    if (name === 'logsource' && source !== undefined) continue;
    if (!isObject(value)) flatten(name, value, 1, flattening);
  }
  const spelled = new Set(flattening.fields.keys());
  for (const [name, value] of entries) {
    if (name === 'logsource' && source !== undefined) continue;
    if (isObject(value)) flattenObject(name, value, 1, flattening, spelled);
  }
  const fields = Object.fromEntries(flattening.fields);
  return source === undefined ? { fields } : { fields, logsource: source };
}

/** A record without anything nested but its `logsource` is an event almost as it is. */
function flatEvent(record: Readonly<Record<string, unknown>>): RuleEvent | undefined {
  let logsource: Logsource | undefined;
  let count = 0;
  for (const name in record) {
    const value = record[name];
    count += 1;
    if (typeof value === 'string' || isScalar(value)) continue;
    if (name !== 'logsource' || !isObject(value)) return undefined;
    logsource = readLogsource(value);
  }
  if (count > MAX_EVENT_FIELDS) return undefined;
  if (logsource === undefined) return { fields: record as RuleEvent['fields'] };
  // Put out of the way rather than copied around: that would take as long as matching.
  const fields = record as Record<string, FieldValue | undefined>;
  fields['logsource'] = undefined;
  return { fields, logsource };
}

function flattenObject(
  prefix: string,
  object: Readonly<Record<string, unknown>>,
  depth: number,
  into: Flattening,
  taken: ReadonlySet<string>,
): void {
  for (const [name, value] of Object.entries(object)) {
    const path = `${prefix}.${name}`;
    if (isObject(value)) {
      checkDepth(depth);
      flattenObject(path, value, depth + 1, into, taken);
    } else if (!taken.has(path)) {
      flatten(path, value, depth + 1, into);
    }
  }
}

function flatten(path: string, value: unknown, depth: number, into: Flattening): void {
  checkDepth(depth);
  if (Array.isArray(value)) {
    if (!into.fields.has(path) && !value.some(isObject)) into.fields.set(path, []);
    for (const element of value) flattenElement(path, element, depth, into);
  } else if (isScalar(value)) {
    into.fields.set(path, value);
    if (into.fields.size > MAX_EVENT_FIELDS) {
      throw new RuleError('RULE_EVENT_INVALID', `an event may hold ${MAX_EVENT_FIELDS} fields`);
    }
  } else {
    throw new RuleError('RULE_EVENT_INVALID', `the field '${path}' holds what JSON cannot`);
  }
}

function flattenElement(path: string, element: unknown, depth: number, into: Flattening): void {
  into.elements += 1;
  if (into.elements > MAX_EVENT_ELEMENTS) {
    throw new RuleError('RULE_EVENT_INVALID', `an event may hold ${MAX_EVENT_ELEMENTS} array elements`);
  }
  if (isObject(element)) {
    for (const [name, value] of Object.entries(element)) {
      checkDepth(depth);
      flattenElement(`${path}.${name}`, value, depth + 1, into);
    }
  } else if (Array.isArray(element)) {
    checkDepth(depth);
    for (const inner of element) flattenElement(path, inner, depth + 1, into);
  } else if (isScalar(element)) {
    const present = into.fields.get(path);
    if (Array.isArray(present)) present.push(element);
    else into.fields.set(path, present === undefined ? [element] : [present, element]);
    if (into.fields.size > MAX_EVENT_FIELDS) {
      throw new RuleError('RULE_EVENT_INVALID', `an event may hold ${MAX_EVENT_FIELDS} fields`);
    }
  }
}

function checkDepth(depth: number): void {
  if (depth <= MAX_EVENT_DEPTH) return;
  throw new RuleError('RULE_EVENT_INVALID', `an event may be nested ${MAX_EVENT_DEPTH} levels deep`);
}

function readLogsource(value: Readonly<Record<string, unknown>>): Logsource {
  const { category, product, service } = value;
  const source: { category?: string; product?: string; service?: string } = {};
  if (typeof category === 'string') source.category = category;
  if (typeof product === 'string') source.product = product;
  if (typeof service === 'string') source.service = service;
  return source;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is FieldScalar {
  return (
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  );
}
