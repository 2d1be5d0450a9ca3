import { isUtf8 } from 'node:buffer';
import type { Secret } from '../../approval/index.ts';
import { GuardError } from '../errors.ts';

/** Bytes of one value, its final line break included. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** Where a policy says that a value comes from. */
export type SecretSource = Pick<Secret, 'command' | 'file'>;

/** Why a value could not be had. The reason is our own words and never holds what was read. */
export class SourceFault extends Error {
  readonly hint: string | undefined;

  constructor(reason: string, hint?: string) {
    super(reason);
    this.hint = hint;
  }
}

/**
 * The text of a value without the line break that ends it.
 * @throws {SourceFault} where it is empty, too long, not UTF-8, or holds NUL, which no environment can carry
 */
export function textOfValue(bytes: Buffer): string {
  if (bytes.length > MAX_SECRET_BYTES) throw new SourceFault(`it is over ${MAX_SECRET_BYTES} bytes`);
  if (!isUtf8(bytes)) throw new SourceFault('it is not UTF-8');
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') throw new SourceFault('it is empty');
  if (text.includes('\0')) throw new SourceFault('it holds a NUL');
  return text;
}

/** The error that names a value and its source; arguments of the command are left out, for they may tell too much. */
export function unavailable(name: string, { command, file }: SecretSource, fault: SourceFault): GuardError {
  const source = command === undefined ? `the file ${file}` : `the command ${command[0]}`;
  return new GuardError(
    'GUARD_SECRET_UNAVAILABLE',
    `there is no value for ${name} from ${source}: ${fault.message}`,
    fault.hint === undefined ? {} : { hint: fault.hint },
  );
}
