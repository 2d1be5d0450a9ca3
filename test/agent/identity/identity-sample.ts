import type { KnownServer } from '../../../agent/enrich/known-server.ts';
import type { Policy } from '../../../approval/index.ts';
import type { IdentityQuestion, Server } from '../../../wire/index.ts';
import { known } from '../samples.ts';

export const AUDIENCE = 'https://api.example.org';

const POLICY: Policy = {
  tools: null,
  executables: null,
  shells: true,
  destinations: null,
  writable_paths: null,
  identity: { audience: AUDIENCE, variable: 'SEALWATCH_IDENTITY_TOKEN_FILE' },
};

/** An approved server whose policy lets it have tokens, unless told otherwise. */
export function identityServer(server: Partial<Server> = {}, policy: Policy | null = POLICY): KnownServer {
  const approved = known({ approved: true, server });
  const { verdict } = approved;
  if (verdict.statement === null) throw new Error('not approved');
  const { predicate } = verdict.statement;
  const statement = { ...verdict.statement, predicate: { ...predicate, policy } };
  return { ...approved, verdict: { ...verdict, statement } };
}

/** What a guard asks for that server. */
export function questionAbout(
  { discovered }: KnownServer,
  more: Partial<IdentityQuestion> = {},
): IdentityQuestion {
  const { id, closure } = discovered.server;
  return { v: 1, id, audience: AUDIENCE, closure: closure.digest, serial: 1, ...more };
}
