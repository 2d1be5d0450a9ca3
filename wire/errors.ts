/**
 * Base of every error that a part of Sealwatch raises on purpose: a stable code to act on, a message
 * for people and, where there is one, a hint that says what to do. Each part derives one class from it
 * with a closed union of codes; docs/errors.md lists them all.
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(
    code: Code,
    message: string,
    options: { readonly cause?: unknown; readonly hint?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

export const WIRE_ERROR_CODES = [
  'WIRE_FRAME_TOO_LARGE',
  'WIRE_FRAME_NOT_JSON',
  'WIRE_FRAME_INVALID',
  'WIRE_FRAME_UNKNOWN_TYPE',
] as const;
export type WireErrorCode = (typeof WIRE_ERROR_CODES)[number];

/** A frame that does not follow the agent↔central protocol. */
export class WireError extends CodedError<WireErrorCode> {}
