/** UTF-16 code units of one rule file. */
export const MAX_TEXT_LENGTH = 1_048_576;
/** YAML documents in one rule file. */
export const MAX_DOCUMENTS = 1_000;
/** Nodes of one document, counted again each time an alias repeats them. */
export const MAX_NODES = 20_000;
/** Nesting of one document, in nodes. */
export const MAX_DEPTH = 24;
/** Aliases in one document; each is resolved by a walk over the document. */
export const MAX_ALIASES = 100;
/** UTF-16 code units of one condition. */
export const MAX_CONDITION_LENGTH = 8_192;
/** Nesting of one condition: parentheses and `not`. */
export const MAX_CONDITION_DEPTH = 64;
/** UTF-16 code units of one name, title, id or tag. */
export const MAX_NAME_LENGTH = 512;
/** UTF-16 code units of one value in a detection. */
export const MAX_VALUE_LENGTH = 16_384;
/** Wildcards in one value: a bound on the work that each character of a field can cause. */
export const MAX_WILDCARDS = 256;
/** UTF-16 code units of one regular expression. */
export const MAX_REGEX_LENGTH = 4_096;
/** Length of a regular expression times its largest counted repeat: a bound on the compiled program. */
export const MAX_REGEX_COST = 1_000_000;
/** Fields of one event record, after nested objects were flattened. */
export const MAX_EVENT_FIELDS = 4_096;
/** Nesting of one event record. */
export const MAX_EVENT_DEPTH = 16;
/** Elements of all arrays of one event record. */
export const MAX_EVENT_ELEMENTS = 65_536;
/** Values that the placeholders of one value may stand for. */
export const MAX_EXPANSIONS = 1_000;
/** Rules that one correlation refers to. */
export const MAX_CORRELATION_RULES = 128;
/** Rules of a `temporal_ordered` correlation: each group keeps half the square of this in numbers. */
export const MAX_ORDERED_RULES = 16;
/** Fields of one `group-by`, and of one `field` of a condition. */
export const MAX_CORRELATION_FIELDS = 16;
/** Milliseconds: the bounds of `timespan` and `gap`. */
export const MIN_TIMESPAN_MS = 1_000;
export const MAX_TIMESPAN_MS = 366 * 86_400_000;
/** Groups that one correlation holds in memory. */
export const MAX_CORRELATION_GROUPS = 10_000;
/** Entries, which are events or hits of other correlations, in the window of one group. */
export const MAX_GROUP_ENTRIES = 10_000;
/** Entries of all correlations. */
export const MAX_CORRELATION_ENTRIES = 200_000;
/** Groups of all correlations; one takes about 1 KB besides its entries. */
export const MAX_ALL_GROUPS = 50_000;
/** UTF-16 code units of a value that a correlation keeps as it is; of a longer one it keeps a digest. */
export const MAX_KEPT_TEXT_LENGTH = 128;
