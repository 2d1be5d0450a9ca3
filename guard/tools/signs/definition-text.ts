import { childPointer } from '../../../approval/index.ts';

/** UTF-16 code units of one definition that are looked at; what is longer is itself suspicious. */
const MAX_LOOKED_AT = 64 * 1024;
/** Texts of one definition that are looked at. */
const MAX_TEXTS = 10_000;
/** Levels of a definition that are looked at; a digest takes no more. */
const MAX_DEPTH = 64;

/** A text of a definition that a model may be given. */
export interface DefinitionText {
  /** JSON Pointer (RFC 6901) of the value, or of the member whose key it is. */
  readonly where: string;
  readonly text: string;
  /** `name`: what the tool and its parameters are called; `value`: any other text. */
  readonly role: 'name' | 'value';
}

export interface DefinitionTexts {
  readonly texts: readonly DefinitionText[];
  /** False where there was more than is looked at. */
  readonly whole: boolean;
}

/**
 * Every text of a definition up to 64 Ki code units: values at any depth, and keys, since a model reads the names of
 * parameters as well.
 */
export function definitionTexts(definition: Readonly<Record<string, unknown>>): DefinitionTexts {
  const texts: DefinitionText[] = [];
  let left = MAX_LOOKED_AT;
  let whole = true;
  const take = (where: string, text: string, role: DefinitionText['role']) => {
    if (text === '') return;
    whole &&= text.length <= left && texts.length < MAX_TEXTS;
    const looked = text.slice(0, left);
    left -= looked.length;
    if (looked !== '' && texts.length < MAX_TEXTS) texts.push({ where, text: looked, role });
  };
  const walk = (value: unknown, where: string, depth: number) => {
    if (typeof value === 'string') take(where, value, where === '/name' ? 'name' : 'value');
    if (typeof value !== 'object' || value === null || !whole) return;
    whole = depth < MAX_DEPTH;
    const isList = Array.isArray(value);
    for (const [key, child] of Object.entries(value)) {
      if (!whole) return;
      const at = childPointer(where, key);
      if (!isList) take(at, key, 'name');
      walk(child, at, depth + 1);
    }
  };
  walk(definition, '', 0);
  return { texts, whole };
}
