import { readFileSync } from 'node:fs';
import { CliError } from './errors.ts';

/** Milliseconds that central may take to answer. */
const TIMEOUT_MS = 30_000;
/** Characters of an answer. */
const MAX_ANSWER_CHARS = 256 * 1024 * 1024;

export interface CentralApiOptions {
  /** URL of central's API. */
  readonly url: string;
  /** File that holds an API token. */
  readonly tokenFile: string;
}

/** Asks central's API by a token. */
export class CentralApi {
  readonly #url: string;
  readonly #token: string;

  /** @throws {CliError} CLI_FILE_UNREADABLE, CLI_USAGE */
  constructor({ url, tokenFile }: CentralApiOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new CliError('CLI_USAGE', '--url takes the https:// URL of the API of central');
    this.#url = url.replace(/\/$/, '');
    try {
      this.#token = readFileSync(tokenFile, 'utf8').trim();
    } catch (cause) {
      throw new CliError('CLI_FILE_UNREADABLE', `${tokenFile} cannot be read`, { cause });
    }
  }

  get(path: string): Promise<unknown> {
    return this.#ask('GET', path);
  }

  post(path: string, body: object): Promise<unknown> {
    return this.#ask('POST', path, JSON.stringify(body));
  }

  /** @throws {CliError} CLI_CENTRAL_UNREACHABLE, CLI_CENTRAL_REFUSED with what central said */
  async #ask(method: string, path: string, body?: string): Promise<unknown> {
    const headers = new Headers({ authorization: `Bearer ${this.#token}` });
    if (body !== undefined) headers.set('content-type', 'application/json');
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body }),
      });
      text = await response.text();
    } catch (cause) {
      throw new CliError('CLI_CENTRAL_UNREACHABLE', `central does not answer at ${this.#url}`, { cause });
    }
    const answer: unknown = text.length > MAX_ANSWER_CHARS ? null : parsed(text);
    if (response.ok && answer !== null) return answer;
    const said = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'message') : undefined;
    const message = typeof said === 'string' ? said : `status ${response.status}`;
    throw new CliError('CLI_CENTRAL_REFUSED', `central refused: ${message}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
