import * as z from 'zod';

type Schema = z.core.JSONSchema.BaseSchema;

/** One key of a config file, as its schema knows it. */
export interface Setting {
  /** Keys that lead to it, joined with dots; those of the entries of a list follow the list's own. */
  readonly key: string;
  /** What it takes, e.g. `whole number from 1 to 720`. */
  readonly takes: string;
  /** Whether what holds it cannot be without it. */
  readonly required: boolean;
  /** The default as it would be written in the file; null where the schema has none. */
  readonly fallback: string | null;
  /** Whether it only holds other keys. */
  readonly isGroup: boolean;
}

/** Units in which large numbers are told as well, in bytes. */
const UNITS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
] as const;

/** Every setting of a config file, groups before what they hold. */
export function settingsOf(schema: z.ZodType): readonly Setting[] {
  return below(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '');
}

/** Settings of one of several kinds of entry that differ by `type`. */
export interface KindSettings {
  readonly type: string;
  readonly settings: readonly Setting[];
}

/** Settings of a list whose entries are told apart by `type`. */
export function settingsByType(schema: z.ZodType): readonly KindSettings[] {
  const entry = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).items;
  const kinds = typeof entry === 'object' && !Array.isArray(entry) ? (plain(entry).oneOf ?? []) : [];
  return kinds.map(plain).map((kind) => ({
    type: String(plain(kind.properties?.['type']).const),
    settings: below(kind, ''),
  }));
}

/** JSON Schema allows `true` and `false` in place of a schema. */
function plain(schema: Schema | boolean | undefined): Schema {
  return typeof schema === 'object' ? schema : {};
}

function below(schema: Schema, prefix: string): readonly Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const inner = plain(value);
    const required = (schema.required ?? []).includes(name);
    const held = below(holder(inner), key);
    const own = {
      key,
      takes: takesOf(inner),
      required,
      fallback: fallbackOf(inner),
      isGroup: held.length > 0,
    };
    return [own, ...held];
  });
}

/** Where the keys below a setting stand: in itself, in one of its alternatives, or in the entries of its list. */
function holder(schema: Schema): Schema {
  if (schema.properties !== undefined) return schema;
  const parts = [...(schema.anyOf ?? []), schema.items].filter(
    (part): part is Schema => typeof part === 'object' && !Array.isArray(part),
  );
  return parts.map(holder).find(({ properties }) => properties !== undefined) ?? {};
}

function takesOf(schema: Schema): string {
  if (schema.anyOf !== undefined) {
    return [...new Set(schema.anyOf.map((part) => takesOf(plain(part))))].join(', or ');
  }
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.const !== undefined) return String(schema.const);
  if (Array.isArray(schema.type))
    return schema.type.map((type) => takesOf({ ...schema, type })).join(', or ');
  switch (schema.type) {
    case 'array':
      return listOf(schema);
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `whole number${rangeOf(schema)}`;
    case 'number':
      return `number${rangeOf(schema)}`;
    case 'object':
      return 'map';
    case 'null':
      return 'null';
    default:
      return 'text';
  }
}

function listOf(schema: Schema): string {
  const { items, maxItems } = schema;
  const inner = typeof items === 'object' && !Array.isArray(items) ? takesOf(items) : 'text';
  const most = maxItems === undefined ? '' : `, ${maxItems} at the most`;
  return inner === 'text' ? `list${most}` : `list of: ${inner}${most}`;
}

function rangeOf({ minimum, maximum }: Schema): string {
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? null : maximum;
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? null : minimum;
  if (least !== null && most !== null) return ` from ${least} to ${most}`;
  if (least !== null) return ` from ${least} on`;
  return most === null ? '' : ` up to ${most}`;
}

function fallbackOf({ default: value }: Schema): string | null {
  if (typeof value === 'number') return withUnit(value);
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.length > 0 ? value.map(String).join(', ') : null;
}

function withUnit(value: number): string {
  const [name, size] = UNITS.find(([, bytes]) => value >= bytes && value % bytes === 0) ?? [];
  return size === undefined ? String(value) : `${value} (${value / size} ${name})`;
}
