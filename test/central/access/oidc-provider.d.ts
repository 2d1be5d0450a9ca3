/** What the tests use of the provider, which brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Answer {
    readonly path: string;
    body: { readonly id_token?: string };
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    on(event: 'server_error', listener: (context: unknown, error: Error) => void): void;
    use(middleware: (answer: Answer, next: () => Promise<void>) => Promise<void>): void;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  }
}
