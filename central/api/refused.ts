/** Statuses of refusals, each with the code that its answer carries where the request has none of its own. */
export const REFUSALS = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'too-large',
  415: 'wrong-content-type',
  421: 'wrong-host',
  429: 'too-many-attempts',
  503: 'not-here',
} as const;
export type RefusalStatus = keyof typeof REFUSALS;

/** A request that is refused; `code` is what the answer carries. */
export class Refused extends Error {
  readonly statusCode: RefusalStatus;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    statusCode: RefusalStatus,
    message: string,
    more: { readonly code?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.statusCode = statusCode;
    this.code = more.code ?? REFUSALS[statusCode];
    this.headers = more.headers ?? {};
  }
}
