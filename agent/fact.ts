import type { AlertActor, AlertChange, AlertServer, Ancestor, FieldValue } from '../wire/index.ts';

/** Routes a fact to the rules that are written for its kind (Sigma `logsource`). */
export interface LogSource {
  readonly category: string;
  readonly product: string;
}

/** An enriched event: what rules match on, and the evidence that goes into an alert. */
export interface Fact {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly logsource: LogSource;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly user: string;
  readonly server: AlertServer | null;
  readonly actor: AlertActor | null;
  readonly ancestry: readonly Ancestor[];
  readonly change: AlertChange | null;
}
