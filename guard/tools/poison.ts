import { redactShapes } from '../../inventory/index.ts';
import { Neighbours } from './neighbours.ts';
import { characterSigns } from './signs/characters.ts';
import { type DefinitionText, definitionTexts } from './signs/definition-text.ts';
import { disguiseSigns } from './signs/disguises.ts';
import { instructionIn } from './signs/instructions.ts';
import { isForeign, isLookalike } from './signs/lookalike.ts';
import { oneSpelling, orderAboutOthers } from './signs/other-servers.ts';
import { nameWords, plainWords } from './signs/phrase.ts';
import { secretAskedFor, secretNamed } from './signs/secrets.ts';
import type { PoisonKind, Sign } from './signs/sign.ts';
import type { Tool } from './tool.ts';

/** UTF-16 code units of what was found that are shown. */
const MAX_DETAIL = 160;
/** UTF-16 code units of what was found in which tokens are looked for. */
const MAX_FOUND = 1_024;
/** What is told of one tool. */
const MAX_POISONS = 64;

/** Something suspicious in the definition of a tool. */
export interface Poison {
  readonly kind: PoisonKind;
  /** JSON Pointer (RFC 6901) in the definition. */
  readonly where: string;
  /** What was found, in printable ASCII and at most 160 characters, without tokens. */
  readonly detail: string;
}

/**
 * What in a definition serves to steer the model and no user of the tool: at most one of each kind at each place, in the
 * order in which it stands there. The first 64 Ki code units are looked at, in time that grows with their number alone; that
 * there is more is told as `buried_text`. Without `neighbours` few orders about other servers are seen. What is written in
 * other languages than English is found only by its characters.
 */
export function poisonsOf(tool: Tool, neighbours: Neighbours = new Neighbours()): readonly Poison[] {
  const { texts, whole } = definitionTexts(tool.definition);
  const names = texts.filter(({ role }) => role === 'name').map(({ text }) => text);
  const values = texts.filter(({ role }) => role === 'value').map(({ text }) => text);
  const spoken = new Set(names);
  const ours = neighbours.own === null ? null : new Set([...names, ...neighbours.own].map(oneSpelling));
  const native = isForeign(values);
  const poisons = texts.flatMap((text) => {
    const signs =
      text.role === 'name'
        ? nameSigns(text, neighbours, native)
        : valueSigns(text, neighbours, { spoken, ours });
    return signs.map(({ kind, found }) => ({ kind, where: text.where, detail: printable(found) }));
  });
  if (!whole)
    poisons.push({ kind: 'buried_text', where: '', detail: 'the definition is longer than is looked at' });
  return poisons.slice(0, MAX_POISONS);
}

function nameSigns(
  { text, where }: DefinitionText,
  neighbours: Neighbours,
  native: boolean,
): readonly Sign[] {
  const signs = [...characterSigns(text), ...disguiseSigns(text)];
  if (isLookalike(text, native)) signs.push({ kind: 'lookalike_name', found: text });
  const other = where === '/name' ? neighbours.lookedLike(text) : null;
  if (other !== null) signs.push({ kind: 'lookalike_name', found: `${text}, not ${other}` });
  const words = nameWords(text);
  const order = instructionIn(words);
  if (order !== null) signs.push({ kind: 'hidden_instruction', found: order });
  const secret = secretNamed(words);
  if (secret !== null) signs.push({ kind: 'asks_for_secret', found: secret });
  return signs;
}

/** Names that mean no tool of another server: those in the definition, and of the server's own tools where they are known. */
interface KnownNames {
  readonly spoken: ReadonlySet<string>;
  readonly ours: ReadonlySet<string> | null;
}

function valueSigns(
  { text, where }: DefinitionText,
  neighbours: Neighbours,
  { spoken, ours }: KnownNames,
): readonly Sign[] {
  const signs = [...characterSigns(text), ...disguiseSigns(text)];
  if (where === '/title' && isLookalike(text, true)) signs.push({ kind: 'lookalike_name', found: text });
  const words = plainWords(text);
  const order = instructionIn(words);
  if (order !== null) signs.push({ kind: 'hidden_instruction', found: order });
  const other = neighbours.namedIn(text, spoken) ?? orderAboutOthers(words, ours);
  if (other !== null) signs.push({ kind: 'names_other_server', found: other });
  const secret = secretAskedFor(words, where);
  if (secret !== null) signs.push({ kind: 'asks_for_secret', found: secret });
  return signs;
}

function printable(text: string): string {
  const shown = redactShapes(text.slice(0, MAX_FOUND)).replace(
    /[^\x20-\x7e]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return shown.length > MAX_DETAIL ? `${shown.slice(0, MAX_DETAIL - 3)}...` : shown;
}
