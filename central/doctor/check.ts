export const CHECK_STATES = ['ok', 'degraded', 'failed'] as const;
/** `degraded`: central works, and will not for ever; `failed`: something of it does not work. */
export type CheckState = (typeof CHECK_STATES)[number];

export interface Check {
  readonly name: string;
  readonly state: CheckState;
  readonly detail: string;
  /** What to do about it; null where nothing is to be done. */
  readonly fix: string | null;
}

export function fine(name: string, detail: string): Check {
  return { name, state: 'ok', detail, fix: null };
}

export function degraded(name: string, detail: string, fix: string): Check {
  return { name, state: 'degraded', detail, fix };
}

export function failed(name: string, detail: string, fix: string): Check {
  return { name, state: 'failed', detail, fix };
}
