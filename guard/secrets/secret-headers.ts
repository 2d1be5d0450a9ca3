import type { SecretHeader } from '../../approval/index.ts';
import { type FetchOptions, fetchSecrets } from './fetch-secrets.ts';
import { SourceFault, unavailable } from './secret-source.ts';
import { SecretValues } from './secret-values.ts';

/** Milliseconds for which values are used before they are fetched again, unless told otherwise. */
const MAX_AGE_MS = 60_000;
/** Milliseconds for which a refusal by the server changes nothing, lest it make the commands run at every request. */
const MIN_AGE_MS = 1_000;
/** A field value of printable ASCII (RFC 9110, section 5.5), so that no line break can start another header. */
const FIELD_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

export interface HeaderOptions extends FetchOptions {
  readonly maxAgeMs?: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs?: () => number;
}

interface Fetched {
  readonly atMs: number;
  readonly values: ReadonlyMap<string, string>;
}

/** The headers of a remote server, whose values come from commands and files and are kept for a short time only. */
export class SecretHeaders {
  readonly #headers: readonly SecretHeader[];
  readonly #options: HeaderOptions;
  readonly #monotonicMs: () => number;
  #held: Fetched | null = null;
  #refused = false;
  #underway: Promise<ReadonlyMap<string, string>> | null = null;

  constructor(headers: readonly SecretHeader[], options: HeaderOptions) {
    this.#headers = headers;
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /**
   * Values by header, the policy's prefix before them: those held while they are young and not refused, else new ones.
   * All who ask meanwhile get the same fetch. One that fails is not kept.
   * @throws {GuardError} `GUARD_SECRET_UNAVAILABLE`
   */
  async current(): Promise<ReadonlyMap<string, string>> {
    if (this.#held !== null && !this.#isStale(this.#held)) return this.#held.values;
    this.#underway ??= this.#fetch().finally(() => {
      this.#underway = null;
    });
    return this.#underway;
  }

  /** Tells that the server did not take these values (401); a later answer about values that are gone changes nothing. */
  refuse(values: ReadonlyMap<string, string>): void {
    if (this.#held?.values === values) this.#refused = true;
  }

  #isStale({ atMs }: Fetched): boolean {
    const ageMs = this.#monotonicMs() - atMs;
    return ageMs >= (this.#options.maxAgeMs ?? MAX_AGE_MS) || (this.#refused && ageMs >= MIN_AGE_MS);
  }

  async #fetch(): Promise<ReadonlyMap<string, string>> {
    const atMs = this.#monotonicMs();
    const fetched = await fetchSecrets(this.#headers, this.#options);
    const values = new SecretValues();
    for (const header of this.#headers) {
      const value = `${header.prefix ?? ''}${fetched.get(header.name) ?? ''}`;
      if (!FIELD_VALUE.test(value))
        throw unavailable(header.name, header, new SourceFault('it is not printable ASCII in one line'));
      values.set(header.name, value);
    }
    this.#held = { atMs, values };
    this.#refused = false;
    return values;
  }
}
