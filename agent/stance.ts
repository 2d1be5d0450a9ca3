import type { Profile } from '../wire/index.ts';

/**
 * How strictly this host judges, and what it does about what it finds. A bundle of central may tighten both while the
 * agent runs: they are read where they are needed, and never kept.
 */
export interface Stance {
  readonly profile: Profile;
  /** Whether what may not run is ended, or only reported. */
  readonly denial: 'end' | 'report';
}
