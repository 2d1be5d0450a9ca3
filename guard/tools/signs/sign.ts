/** What is suspicious in a tool (docs/rules.md, `mcp.poison`). */
export const POISONS = [
  /** Orders to the model that no description of a tool needs. */
  'hidden_instruction',
  /** Characters that are not seen. */
  'invisible_characters',
  /** Characters that change the direction of what is shown. */
  'bidirectional_characters',
  /** Escape sequences and other control characters, which a terminal obeys. */
  'control_characters',
  /** A name that looks like another one. */
  'lookalike_name',
  /** Orders about the tools of another server. */
  'names_other_server',
  /** The content of secret files, or secrets of the user, as an argument. */
  'asks_for_secret',
  /** Text in base64, hexadecimal digits or escapes. */
  'encoded_text',
  /** Text in comments or styles that are not shown. */
  'hidden_markup',
  /** Text that a long blank or sheer length keeps from a person's eyes. */
  'buried_text',
] as const;
export type PoisonKind = (typeof POISONS)[number];

/** Something suspicious in one text. */
export interface Sign {
  readonly kind: PoisonKind;
  /** What was found, as it stands there. */
  readonly found: string;
}
