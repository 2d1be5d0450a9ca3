import type { SecretHeader } from '../../approval/index.ts';
import type { Decided } from '../authority/decided.ts';
import type { HeaderSource } from './authorised-fetch.ts';

/** Makes a source of what a policy names. */
export type HeaderFactory = (headers: readonly SecretHeader[]) => HeaderSource;

/** The headers of the policy that counts: where another is approved, its sources take the place of the former ones. */
export class PolicyHeaders implements HeaderSource {
  readonly #create: HeaderFactory;
  #named: string;
  #source: HeaderSource;

  constructor(first: Decided, create: HeaderFactory) {
    const headers = headersOf(first);
    this.#create = create;
    this.#named = JSON.stringify(headers);
    this.#source = create(headers);
  }

  follow(decided: Decided): void {
    const headers = headersOf(decided);
    const named = JSON.stringify(headers);
    if (named === this.#named) return;
    this.#named = named;
    this.#source = this.#create(headers);
  }

  current(): Promise<ReadonlyMap<string, string>> {
    return this.#source.current();
  }

  refuse(values: ReadonlyMap<string, string>): void {
    this.#source.refuse(values);
  }
}

/** An approval that no longer holds gives none. */
function headersOf({ standing, policy }: Decided): readonly SecretHeader[] {
  if (standing.kind !== 'known' || standing.verdict.state !== 'approved') return [];
  return policy?.kind === 'usable' ? (standing.verdict.statement?.predicate.policy?.headers ?? []) : [];
}
