import { GuardError } from '../errors.ts';

/** Headers whose values are fetched while the server is used and may change. */
export interface HeaderSource {
  /** The values to use now, by header. @throws {GuardError} where they cannot be had */
  current(): Promise<ReadonlyMap<string, string>>;
  /** The server did not take these values (401): the next `current` should give others. */
  refuse(values: ReadonlyMap<string, string>): void;
}

type SentHeaders = NonNullable<RequestInit['headers']>;

/** One HTTP request to a remote server. */
export interface RemoteRequest {
  readonly method: string;
  /** What the transport asks for; its headers win over those of the source. */
  readonly headers: SentHeaders;
  readonly body?: Buffer<ArrayBuffer>;
  readonly signals: readonly (AbortSignal | null | undefined)[];
  /** Milliseconds until the answer has to begin. */
  readonly beginMs: number;
}

/**
 * Requests to one origin, with headers that come from a source at the moment of the request. Where the server answers
 * 401, the source is asked once for other values. Nothing is sent to another origin, and no redirect followed.
 */
export class AuthorisedFetch {
  readonly #url: URL;
  readonly #source: HeaderSource;

  constructor(url: URL, source: HeaderSource) {
    this.#url = url;
    this.#source = source;
  }

  /** @throws {GuardError} `GUARD_REMOTE_TIMEOUT`, what the source throws; what `fetch` throws */
  async request(url: string | URL, request: RemoteRequest): Promise<Response> {
    this.#checkOrigin(new URL(url));
    const values = await this.#source.current();
    const response = await this.#send(url, request, values);
    if (response.status !== 401) return response;
    this.#source.refuse(values);
    const fresh = await this.#source.current();
    if (fresh === values) return response;
    await response.body?.cancel();
    return this.#send(url, request, fresh);
  }

  /** The transports stay within it by themselves; the headers are worth a second look. */
  #checkOrigin(url: URL): void {
    const { origin, hostname, protocol, port } = this.#url;
    const upgrades = protocol === 'http:' && port === '' && url.origin === `https://${hostname}`;
    if (url.origin !== origin && !upgrades)
      throw new GuardError('GUARD_REMOTE_REDIRECTED', `the server leads to another origin, ${url.origin}`);
  }

  async #send(
    url: string | URL,
    { method, headers, body, signals, beginMs }: RemoteRequest,
    values: ReadonlyMap<string, string>,
  ): Promise<Response> {
    const timer = new AbortController();
    const timeout = setTimeout(() => {
      timer.abort(
        new GuardError('GUARD_REMOTE_TIMEOUT', `the server did not begin to answer in ${beginMs / 1000} s`),
      );
    }, beginMs);
    const signal = AbortSignal.any([
      timer.signal,
      ...signals.filter((given) => given instanceof AbortSignal),
    ]);
    try {
      return await fetch(url, {
        method,
        headers: merged(values, headers),
        redirect: 'manual',
        signal,
        ...(body === undefined ? {} : { body }),
      });
    } finally {
      clearTimeout(timeout);
    }
  }
}

function merged(values: ReadonlyMap<string, string>, own: SentHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of values) {
    try {
      headers.set(name, value);
    } catch {
      // The error would show the value.
      throw new GuardError(
        'GUARD_REMOTE_UNAUTHORISED',
        `the value for ${name} is none that a header can carry`,
      );
    }
  }
  for (const [name, value] of new Headers(own)) headers.set(name, value);
  return headers;
}
