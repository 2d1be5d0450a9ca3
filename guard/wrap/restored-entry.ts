import { applyPatch, structuredPatch } from 'diff';
import {
  type ConfigObject,
  type ConfigText,
  canonicalJson,
  editEntry,
  entryAt,
  type GuardOptions,
  guardEntry,
  type ValuePath,
} from '../../inventory/index.ts';

/** The guard in front of an entry, and what is behind it. */
export interface Guarded {
  readonly guard: string;
  readonly options: GuardOptions;
  readonly raw: ConfigObject;
}

/** Unchanged lines around a change, by which its place is found; the fewest first, as neighbours may be wrapped, too. */
const CONTEXTS = [0, 1, 3] as const;

/**
 * A config with the guard taken away from one entry. Where a backup shows how the entry was written before, it is
 * written so again: what `wrap` did to that text is undone in this one.
 * @throws {InventoryError} INVENTORY_EDIT_REFUSED
 */
export function withoutGuard(
  config: ConfigText,
  keys: ValuePath,
  guarded: Guarded,
  backups: readonly Buffer[],
): Buffer {
  const plain = editEntry(config, keys, guarded.raw);
  for (const bytes of backups) {
    const restored = undone(config, keys, { guarded, before: { ...config, bytes }, plain });
    if (restored !== null) return restored;
  }
  return plain;
}

interface Undoing {
  readonly guarded: Guarded;
  readonly before: ConfigText;
  /** What the restored text has to say. */
  readonly plain: Buffer;
}

function undone(config: ConfigText, keys: ValuePath, { guarded, before, plain }: Undoing): Buffer | null {
  try {
    const entry = entryAt(before, keys);
    if (entry === null || canonicalJson(entry) !== canonicalJson(guarded.raw)) return null;
    const wrapped = guardEntry(entry, guarded.guard, guarded.options);
    if (wrapped === null) return null;
    const texts = [editEntry(before, keys, wrapped), before.bytes, config.bytes] as const;
    // Other encodings have no lines that a patch of bytes could find.
    const [there, back, here] = texts.map((bytes) => bytes.toString('latin1'));
    for (const context of CONTEXTS) {
      const patch = structuredPatch('', '', there ?? '', back ?? '', '', '', { context });
      const text = applyPatch(here ?? '', patch, { autoConvertLineEndings: false });
      const bytes = text === false ? null : Buffer.from(text, 'latin1');
      if (bytes !== null && saysTheSame({ ...config, bytes }, { ...config, bytes: plain })) return bytes;
    }
  } catch {
    // A backup that is no config any more tells nothing.
  }
  return null;
}

function saysTheSame(one: ConfigText, other: ConfigText): boolean {
  const [first, second] = [entryAt(one, []), entryAt(other, [])];
  return first !== null && second !== null && canonicalJson(first) === canonicalJson(second);
}
