import type { Alert } from '../../wire/index.ts';
import type { FindingContext } from './format/ocsf.ts';

/** An alert on its way to a receiver. */
export interface FeedRecord {
  /** Order of commit; rises within a feed, except when dead letters are sent again. */
  readonly position: number;
  readonly alert: Alert;
  readonly context: FindingContext;
}
