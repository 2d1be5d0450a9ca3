import { RuleError } from '../errors.ts';
import { MAX_EVENT_DEPTH, MAX_EVENT_ELEMENTS, MAX_EVENT_FIELDS } from '../limits.ts';
import type { Logsource } from '../parse/logsource.ts';

export type FieldScalar = string | number | boolean | null;
export type FieldValue = FieldScalar | readonly FieldScalar[];

/** What rules are matched against. */
export interface RuleEvent {
  /** By Sigma field name; a dotted name is one name, not a path. */
  readonly fields: Readonly<Record<string, FieldValue>>;
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

/** An event while rules look at it; what several rules ask for is worked out once. */
export class EventView {
  readonly #fields: Readonly<Record<string, FieldValue>>;
  readonly #cells = new Map<string, readonly Cell[] | undefined>();
  #every: readonly Cell[] | undefined;

  constructor(event: RuleEvent) {
    this.#fields = event.fields;
  }

  /** The values of a field; undefined where the event does not carry it. */
  cells(field: string): readonly Cell[] | undefined {
    if (this.#cells.has(field)) return this.#cells.get(field);
    const value = Object.hasOwn(this.#fields, field) ? this.#fields[field] : undefined;
    const cells = value === undefined ? undefined : toCells(value);
    this.#cells.set(field, cells);
    return cells;
  }

  /** The values of all fields: what an unbound keyword searches. */
  every(): readonly Cell[] {
    this.#every ??= Object.keys(this.#fields).flatMap((field) => this.cells(field) ?? []);
    return this.#every;
  }
}

function toCells(value: FieldValue): readonly Cell[] {
  if (typeof value === 'object' && value !== null) return value.map((element) => new Cell(element));
  return [new Cell(value)];
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
  return {
    ...(typeof category === 'string' ? { category } : {}),
    ...(typeof product === 'string' ? { product } : {}),
    ...(typeof service === 'string' ? { service } : {}),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is FieldScalar {
  return (
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  );
}
