import type { AlertActor, AlertChange, AlertServer, Ancestor, FieldValue } from '../wire/index.ts';

/** Routes a fact to the rules that are written for its kind (Sigma `logsource`). */
export interface LogSource {
  readonly category: string;
  readonly product: string;
}

const HOST_CATEGORIES = [
  'process_creation',
  'network_connection',
  'file_event',
  'file_delete',
  'file_access',
  'process_access',
  'credentials',
];
const OWN_CATEGORIES = ['config', 'closure', 'finding', 'approval', 'tool'];

/** Where facts come from: what rules should be ready for. */
export const FACT_SOURCES: readonly LogSource[] = [
  ...HOST_CATEGORIES.map((category) => ({
    category,
    product: process.platform === 'darwin' ? 'macos' : 'linux',
  })),
  ...OWN_CATEGORIES.map((category) => ({ category, product: 'mcp' })),
  { category: 'agent', product: 'sealwatch' },
];

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
