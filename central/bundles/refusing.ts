import { CodedError } from '../../wire/index.ts';
import { Refused } from '../api/refused.ts';

/** Codes of things that are not there. */
const UNKNOWN: ReadonlySet<string> = new Set(['CENTRAL_BUNDLE_UNKNOWN', 'CENTRAL_DECISION_UNKNOWN']);

/** Answers what `work` does, its coded errors as refusals of the request. @throws {Refused} 404 or 409 */
export async function refusing<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, message, hint } = error as CodedError<string>;
    const said = hint === undefined ? message : `${message} (${hint})`;
    throw new Refused(UNKNOWN.has(code) ? 404 : 409, said, { code });
  }
}
