import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { certificateRequest } from '../../../agent/enrolment/certificate-request.ts';
import type { IdentitySettings } from '../../../central/identity/settings.ts';
import { type Central, type CentralOptions, identitySettings } from '../../../central/index.ts';
import { type Credentials, startCentral, workDirectory } from '../bench.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** What central answered. */
export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  readonly body: any;
}

/** Central with a clock that tests set. */
export interface Clocked {
  readonly central: Central;
  readonly directory: string;
  /** Milliseconds since the epoch. */
  now: number;
}

export async function clockedCentral(
  context: TestContext,
  settings: Partial<IdentitySettings> = {},
  more: Partial<CentralOptions> = {},
): Promise<Clocked> {
  const directory = workDirectory(context);
  const place = { listen: '127.0.0.1:0', directory: join(directory, 'authority') };
  const clocked = { now: Date.now(), directory, central: undefined as unknown as Central };
  const identity = { ...identitySettings.parse(place), ...settings };
  const central = await startCentral(context, directory, { identity, clock: () => clocked.now, ...more });
  return Object.assign(clocked, { central });
}

export function p256(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

/** Sends a request to the agents' listener; nothing is verified, and what it shows is given. */
export function ask(
  central: Central,
  method: 'GET' | 'POST',
  path: string,
  body: unknown = null,
  shown: Partial<Credentials> = {},
): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { cert, key } = shown;
  const tls = cert === undefined || key === undefined ? {} : { cert, key };
  return new Promise((resolve, reject) => {
    const asked = request(
      `${central.agentUrl.replace('wss', 'https')}${path}`,
      {
        method,
        agent: false,
        rejectUnauthorized: false,
        headers: { 'content-type': 'application/json' },
        ...tls,
      },
      (response) => {
        let answer = '';
        response.on('data', (chunk) => {
          answer += chunk;
        });
        response.on('end', () => {
          const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(answer) : answer });
        });
      },
    );
    asked.on('error', reject);
    if (method === 'GET') asked.end();
    else asked.end(text);
  });
}

/** A host that asks for certificates. */
export class Applicant {
  readonly key: KeyObject;
  readonly id: string;
  cert: string | undefined;

  constructor(id: string, key: KeyObject = p256()) {
    this.id = id;
    this.key = key;
  }

  get pem(): string {
    return String(this.key.export({ type: 'pkcs8', format: 'pem' }));
  }

  get agent() {
    return { id: this.id, version: '0.1.0', host: 'build-7', os: 'Debian GNU/Linux 12' };
  }

  /** Asks with a token as it was shown to the operator. */
  async enrol(central: Central, token: string, csr?: string): Promise<Reply> {
    const [secret = ''] = token.split('.');
    const request = csr ?? (await certificateRequest(this.id, this.key));
    return this.#taken(
      await ask(central, 'POST', '/v1/enrol', { token: secret, csr: request, agent: this.agent }),
    );
  }

  async renew(
    central: Central,
    more: { generation?: string; key?: KeyObject; csr?: string } = {},
  ): Promise<Reply> {
    const csr = more.csr ?? (await certificateRequest(this.id, more.key ?? this.key));
    const body = { csr, generation: more.generation ?? null };
    return this.#taken(await ask(central, 'POST', '/v1/renew', body, this.shown));
  }

  /** What it shows in a handshake. */
  get shown(): Partial<Credentials> {
    return this.cert === undefined ? {} : { cert: this.cert, key: this.pem };
  }

  #taken(reply: Reply): Reply {
    if (reply.status === 200) this.cert = reply.body.certificate;
    return reply;
  }
}

export async function tokenOf(
  central: Central,
  more: Partial<{ count: number; expiresMs: number; group: string }> = {},
): Promise<{ id: string; text: string }> {
  return await central.identity.createEnrolmentToken({
    group: '',
    count: 1,
    expiresMs: HOUR_MS,
    actor: 'user:test',
    ...more,
  });
}
