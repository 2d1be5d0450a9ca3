import { createHash, randomUUID } from 'node:crypto';
import { nkeys } from '@nats-io/transport-node';

/** Accounts of an operator, as `nsc` makes them: what the server's file says, and the credentials file of a user. */
export interface NatsAccounts {
  readonly config: string;
  readonly creds: string;
}

type Pair = ReturnType<typeof nkeys.createUser>;

const part = (value: object | Uint8Array) =>
  Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString('base64url');

/** A JWT of NATS (version 2, `ed25519-nkey`), signed by the issuer. */
function signed(type: string, subject: Pair, issuer: Pair, nats: object): string {
  const claims = {
    jti: createHash('sha256').update(randomUUID()).digest('hex'),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: type,
    nats: { ...nats, type, version: 2 },
  };
  const covered = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  return `${covered}.${part(issuer.sign(Buffer.from(covered)))}`;
}

/** An operator with one account that may use JetStream without limits, and one user of it. */
export function makeNatsAccounts(): NatsAccounts {
  const operator = nkeys.createOperator();
  const [system, account] = [nkeys.createAccount(), nkeys.createAccount()];
  const user = nkeys.createUser();
  const free = { subs: -1, data: -1, payload: -1 };
  const stored = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = { ...free, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const tokens = {
    operator: signed('operator', operator, operator, { system_account: system.getPublicKey() }),
    system: signed('account', system, operator, { limits }),
    account: signed('account', account, operator, { limits: { ...limits, ...stored } }),
    user: signed('user', user, account, free),
  };
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: [
      `operator: ${tokens.operator}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      'resolver_preload: {',
      `  ${system.getPublicKey()}: ${tokens.system}`,
      `  ${account.getPublicKey()}: ${tokens.account}`,
      '}',
    ].join('\n'),
    creds: [
      '-----BEGIN NATS USER JWT-----',
      tokens.user,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      seed,
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  };
}
