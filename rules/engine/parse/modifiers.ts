import { RuleError } from '../errors.ts';

const POSITIONS = ['contains', 'startswith', 'endswith'] as const;
const ENCODERS = ['wide', 'utf16le', 'utf16be', 'utf16', 'base64', 'base64offset', 'windash'] as const;
const COMPARISONS = ['lt', 'lte', 'gt', 'gte'] as const;
const TIME_PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
const KINDS = ['re', 'cidr', 'exists', 'fieldref'] as const;
const REGEX_FLAGS = ['i', 'm', 's'] as const;
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['ignorecase', 'i'],
  ['multiline', 'm'],
  ['dotall', 's'],
]);

export type Position = 'equals' | (typeof POSITIONS)[number];
export type Encoder = (typeof ENCODERS)[number];
export type Comparison = (typeof COMPARISONS)[number];
export type TimePart = (typeof TIME_PARTS)[number];
type RegexFlag = (typeof REGEX_FLAGS)[number];
type Kind = 'text' | 'compare' | 'time' | (typeof KINDS)[number];

/** What the modifiers behind a field name ask for. */
export interface Modifiers {
  readonly kind: Kind;
  readonly position: Position;
  readonly encoders: readonly Encoder[];
  readonly comparison: Comparison | null;
  readonly timePart: TimePart | null;
  readonly flags: readonly RegexFlag[];
  readonly cased: boolean;
  /** Whether placeholders (`%name%`) are filled. */
  readonly expand: boolean;
  readonly all: boolean;
  readonly negated: boolean;
}

type Draft = { -readonly [Key in keyof Modifiers]: Modifiers[Key] };

/**
 * Reads the modifiers of one field in their order (Sigma specification 2.1, appendix "Modifiers").
 * @throws RuleError `RULE_MODIFIER_UNKNOWN`, `RULE_MODIFIER_CONFLICT`
 */
export function parseModifiers(names: readonly string[], line: number): Modifiers {
  const draft: Draft = {
    kind: 'text',
    position: 'equals',
    encoders: [],
    comparison: null,
    timePart: null,
    flags: [],
    cased: false,
    expand: false,
    all: false,
    negated: false,
  };
  for (const name of names) {
    const modifier = ALIASES.get(name) ?? name;
    const conflict = apply(modifier, draft);
    if (conflict === 'unknown') {
      throw new RuleError('RULE_MODIFIER_UNKNOWN', `unknown modifier '${name}'`, { line });
    }
    if (conflict === 'conflict') {
      const chain = names.join('|');
      throw new RuleError('RULE_MODIFIER_CONFLICT', `'${name}' does not fit in '${chain}'`, { line });
    }
  }
  return draft;
}

type Outcome = 'applied' | 'conflict' | 'unknown';

function apply(name: string, draft: Draft): Outcome {
  if (name === 'all') return once(draft, 'all');
  if (name === 'neq') return once(draft, 'negated');
  if (name === 'expand') return draft.kind === 'text' ? once(draft, 'expand') : 'conflict';
  if (name === 'cased')
    return draft.kind === 'text' || draft.kind === 'fieldref' ? once(draft, 'cased') : 'conflict';
  if (isOneOf(POSITIONS, name)) return applyPosition(name, draft);
  if (isOneOf(ENCODERS, name)) return applyEncoder(name, draft);
  if (isOneOf(KINDS, name)) return applyKind(name, draft);
  if (isOneOf(COMPARISONS, name)) return applyComparison(name, draft);
  if (isOneOf(TIME_PARTS, name)) return applyTimePart(name, draft);
  if (isOneOf(REGEX_FLAGS, name)) {
    if (draft.kind !== 're' || draft.flags.includes(name)) return 'conflict';
    draft.flags = [...draft.flags, name];
    return 'applied';
  }
  return 'unknown';
}

function once(draft: Draft, key: 'all' | 'negated' | 'cased' | 'expand'): Outcome {
  if (draft[key]) return 'conflict';
  draft[key] = true;
  return 'applied';
}

function applyPosition(name: Position, draft: Draft): Outcome {
  const fits = draft.kind === 'text' || draft.kind === 're' || draft.kind === 'fieldref';
  if (!fits || draft.position !== 'equals') return 'conflict';
  draft.position = name;
  return 'applied';
}

/** An encoding of a text with `*` around it has no meaning, so encoders come first; `windash` may come after. */
function applyEncoder(name: Encoder, draft: Draft): Outcome {
  if (draft.kind !== 'text' || (name !== 'windash' && draft.position !== 'equals')) return 'conflict';
  draft.encoders = [...draft.encoders, name];
  return 'applied';
}

function applyKind(name: (typeof KINDS)[number], draft: Draft): Outcome {
  const plain = draft.kind === 'text' && draft.encoders.length === 0;
  if (!plain || (draft.position !== 'equals' && name !== 'fieldref')) return 'conflict';
  if (draft.expand || (draft.cased && name !== 'fieldref')) return 'conflict';
  draft.kind = name;
  return 'applied';
}

function applyComparison(name: Comparison, draft: Draft): Outcome {
  const fits = isBare(draft) || (draft.kind === 'time' && draft.comparison === null);
  if (!fits) return 'conflict';
  if (draft.kind === 'text') draft.kind = 'compare';
  draft.comparison = name;
  return 'applied';
}

function applyTimePart(name: TimePart, draft: Draft): Outcome {
  if (!isBare(draft)) return 'conflict';
  draft.kind = 'time';
  draft.timePart = name;
  return 'applied';
}

function isBare(draft: Draft): boolean {
  return (
    draft.kind === 'text' &&
    draft.position === 'equals' &&
    draft.encoders.length === 0 &&
    !draft.cased &&
    !draft.expand
  );
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}
