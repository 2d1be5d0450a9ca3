import type { GuardError } from '../errors.ts';
import type { AuthorisedFetch } from './authorised-fetch.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { RemoteLimits } from './limits.ts';
import type { Outgoing } from './outgoing.ts';

/** A way to a remote server: one of the SDK's transports. */
export interface Link {
  /** Resolves when the server has taken the message; its answer comes by `LinkHost.receive`. @throws {GuardError} */
  send(outgoing: Outgoing): Promise<void>;
  /** The version that `initialize` settled on; from then on each request says it. */
  setProtocolVersion(version: string): void;
  /** Takes leave of the server and ends what is under way. Never throws. */
  close(): Promise<void>;
}

/** Whom a link tells what comes. None of it throws. */
export interface LinkHost {
  /** A message came. Resolves when the next may be read. */
  receive(bytes: Buffer): Promise<void>;
  /** Whether an answer to it is still waited for. */
  awaits(outgoing: Outgoing): boolean;
  /** No answer will come. */
  fail(outgoing: Outgoing, fault: GuardError): void;
  /** Something broke that is no request's. */
  report(fault: GuardError): void;
  /** Nothing will come any more. */
  over(fault: GuardError): void;
}

export interface LinkOptions {
  readonly url: URL;
  readonly host: LinkHost;
  readonly http: AuthorisedFetch;
  readonly held: HeldBytes;
  readonly limits: RemoteLimits;
}
