import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Central, type CentralOptions, type Role, withAccessDesk } from '../../../central/index.ts';
import { type Answer, startCentral, workDirectory } from '../bench.ts';

const HOUR_MS = 3_600_000;

/** A central that lets nobody in without a credential, and its directory. */
export async function closedCentral(
  context: TestContext,
  more: Partial<CentralOptions> = {},
): Promise<{ readonly central: Central; readonly directory: string }> {
  const directory = workDirectory(context);
  return { central: await startCentral(context, directory, { anonymous: 'none', ...more }), directory };
}

/** Has a token made beside the central that runs, as an operator does. */
export async function tokenFor(directory: string, role: Role, lifeMs = HOUR_MS): Promise<string> {
  const wish = { name: role, role, lifeMs, actor: 'cli:test' };
  return (await withAccessDesk(join(directory, 'central.db'), ({ tokens }) => tokens.create(wish))).token;
}

export interface Request {
  readonly token?: string;
  readonly cookie?: string;
  readonly origin?: string;
  readonly ifMatch?: string;
  readonly body?: unknown;
}

/** Makes a request and does not follow redirects. */
export async function call(
  central: Central,
  method: string,
  path: string,
  { token, cookie, origin, ifMatch, body }: Request = {},
): Promise<Answer & { readonly headers: Headers }> {
  const headers = new Headers();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  if (cookie !== undefined) headers.set('cookie', cookie);
  if (origin !== undefined) headers.set('origin', origin);
  if (ifMatch !== undefined) headers.set('if-match', ifMatch);
  if (body !== undefined) headers.set('content-type', 'application/json');
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${central.url}${path}`, { method, headers, redirect: 'manual', ...sent });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
