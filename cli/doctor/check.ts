import { CAUSES, type CauseCode } from './causes.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** False only where something is wrong: what could not be looked at is not. */
  readonly ok: boolean;
  readonly state: 'ok' | 'wrong' | 'unseen';
  /** What is wrong, of a closed set: docs/doctor.md; null where nothing is. */
  readonly code: CauseCode | null;
  readonly detail: string;
  /** What it means that it is so; null where it is well. */
  readonly cause: string | null;
  /** What to do about it; null where nothing is to be done. */
  readonly hint: string | null;
}

export function well(name: string, detail: string): Check {
  return { name, ok: true, state: 'ok', code: null, detail, cause: null, hint: null };
}

/** `fix` stands in for that of the code where more is known. */
export function wrong(name: string, code: CauseCode, detail: string, fix?: string): Check {
  const { cause, fix: hint } = CAUSES[code];
  return { name, ok: false, state: 'wrong', code, detail, cause, hint: fix ?? hint };
}

/** What this caller, or this system, does not let be looked at. */
export function unseen(name: string, detail: string): Check {
  return { name, ok: true, state: 'unseen', code: null, detail, cause: null, hint: null };
}
