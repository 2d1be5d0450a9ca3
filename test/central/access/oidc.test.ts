import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type CryptoKey, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { apiSettingsSchema } from '../../../central/access/settings.ts';
import type { Central } from '../../../central/index.ts';
import { call, closedCentral, tokenFor } from '../api/callers.ts';
import { until } from '../bench.ts';

const PUBLIC_URL = 'http://127.0.0.1:7300';
const KEY_ID = 'key-1';
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  alice: ['staff', 'soc'],
  bob: ['staff'],
  eve: ['staff', 'platform', 'soc'],
};

/** What a test makes of the provider's id tokens before they are sent. */
interface Forgery {
  payload?: Readonly<Record<string, unknown>>;
  isSignatureBroken?: boolean;
}

interface Running {
  readonly issuer: string;
  readonly forgery: Forgery;
}

/** The provider's own key, with which its tokens are signed anew once something in them is another. */
async function forge(
  token: string,
  key: CryptoKey,
  { payload, isSignatureBroken }: Forgery,
): Promise<string> {
  if (isSignatureBroken === true) return `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(342)}`;
  const claims = { ...decodeJwt(token), ...payload };
  return await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: KEY_ID }).sign(key);
}

/** A real provider of OpenID Connect, on a port of its own. */
async function startProvider(context: TestContext): Promise<Running> {
  const forgery: Forgery = {};
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' };
  let handle: ReturnType<Provider['callback']> = async () => undefined;
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'sealwatch',
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${PUBLIC_URL}/login/callback`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [jwk] },
    claims: { openid: ['sub'], profile: ['groups', 'email'] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(16).toString('hex')] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.org`, groups: GROUPS[id] ?? [] }),
    }),
    features: { devInteractions: { enabled: true } },
  });
  provider.on('server_error', (_context, error) => console.error(error));
  provider.use(async (answer, next) => {
    await next();
    const token = answer.path === '/token' ? answer.body.id_token : undefined;
    if (token === undefined) return;
    answer.body = { ...answer.body, id_token: await forge(token, privateKey, forgery) };
  });
  handle = provider.callback();
  return { issuer, forgery };
}

/** A browser: keeps cookies of each host and follows nothing by itself. */
class Browser {
  readonly #jar = new Map<string, Map<string, string>>();

  cookiesOf(url: string): string {
    const jar = this.#jar.get(new URL(url).host) ?? new Map();
    return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async go(
    url: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; location: string; text: string }> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: this.cookiesOf(url) },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    const { host } = new URL(url);
    const jar = this.#jar.get(host) ?? new Map<string, string>();
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.#jar.set(host, jar);
    const location = response.headers.get('location');
    return {
      status: response.status,
      location: location === null ? '' : new URL(location, url).href,
      text: await response.text(),
    };
  }
}

interface Stage {
  readonly central: Central;
  readonly directory: string;
  readonly provider: Running;
}

async function stage(context: TestContext, clock?: () => number): Promise<Stage> {
  const provider = await startProvider(context);
  const api = apiSettingsSchema.parse({
    public_url: PUBLIC_URL,
    oidc: {
      issuer: provider.issuer,
      client_id: 'sealwatch',
      roles: { analyst: ['soc'], admin: ['platform'] },
    },
  });
  const more = clock === undefined ? { api } : { api, clock };
  return { provider, ...(await closedCentral(context, more)) };
}

/** Logs in at the provider; answers the URL that it sends the browser back to, at the central that runs. */
async function authenticate(browser: Browser, central: Central, account: string): Promise<string> {
  let { location } = await browser.go(`${central.url}/login`);
  for (let hops = 0; !location.startsWith(PUBLIC_URL); hops += 1) {
    assert.ok(hops < 10, 'the provider sends the browser around in circles');
    const page = await browser.go(location);
    if (page.status >= 300 && page.status < 400) {
      location = page.location;
      continue;
    }
    const isLogin = page.text.includes('name="login"');
    const form = isLogin ? { prompt: 'login', login: account, password: 'any' } : { prompt: 'consent' };
    location = (await browser.go(location, form)).location;
  }
  return location.replace(PUBLIC_URL, central.url);
}

async function refusals(central: Central, directory: string): Promise<number> {
  const token = await tokenFor(directory, 'admin');
  return (await call(central, 'GET', '/api/v1/audit?action=login.refuse', { token })).body.entries.length;
}

test('somebody logs in by the provider, works, and logs out', async (context) => {
  const { central } = await stage(context);
  const browser = new Browser();
  const back = await authenticate(browser, central, 'alice');
  assert.equal((await browser.go(back)).status, 303);
  const cookie = browser.cookiesOf(central.url);
  assert.match(cookie, /^sealwatch_login=swlogin_/);
  assert.deepEqual((await call(central, 'GET', '/api/v1/me', { cookie })).body, {
    actor: 'user:alice@example.org',
    kind: 'login',
    role: 'analyst',
  });
  assert.equal((await call(central, 'GET', '/api/v1/tokens', { cookie })).status, 403);
  const body = { ids: ['none'], assignee: null };
  const bulk = (origin?: string) =>
    call(central, 'POST', '/api/v1/alerts/bulk', {
      cookie,
      body,
      ...(origin === undefined ? {} : { origin }),
    });
  assert.equal((await bulk(PUBLIC_URL)).status, 200);
  assert.equal((await bulk('https://evil.example')).body.code, 'foreign-origin');
  assert.equal((await bulk('null')).body.code, 'foreign-origin');
  assert.equal((await bulk()).body.code, 'foreign-origin');
  assert.equal((await call(central, 'POST', '/logout', { cookie })).status, 403);
  assert.equal((await call(central, 'POST', '/logout', { cookie, origin: PUBLIC_URL })).status, 200);
  assert.equal((await call(central, 'GET', '/api/v1/me', { cookie })).status, 401);
});

test('the highest role that the groups give counts; without one nobody gets in', async (context) => {
  const { central, directory } = await stage(context);
  const eve = new Browser();
  await eve.go(await authenticate(eve, central, 'eve'));
  assert.equal(
    (await call(central, 'GET', '/api/v1/me', { cookie: eve.cookiesOf(central.url) })).body.role,
    'admin',
  );
  const bob = new Browser();
  const { status, text } = await bob.go(await authenticate(bob, central, 'bob'));
  assert.deepEqual([status, JSON.parse(text).code], [403, 'no-role']);
  assert.doesNotMatch(bob.cookiesOf(central.url), /sealwatch_login/);
  assert.equal(await refusals(central, directory), 1);
});

test('a callback is good once, in the browser that began it, with the state that it was given', async (context) => {
  const { central } = await stage(context);
  const browser = new Browser();
  const back = await authenticate(browser, central, 'alice');
  const refused = async (by: Browser, url: string) => {
    const { status, text } = await by.go(url);
    assert.deepEqual([status, JSON.parse(text).code], [403, 'login-failed'], url);
  };
  const other = new URL(back);
  other.searchParams.set('state', 'x'.repeat(43));
  await refused(browser, other.href);
  const error = new URL(`${central.url}/login/callback?error=access_denied`);
  await refused(browser, error.href);
  assert.equal((await browser.go(back)).status, 303);
  await refused(browser, back);
  const second = await authenticate(browser, central, 'alice');
  await refused(new Browser(), second);
  await refused(browser, second);
});

test('a code of another login is refused: its verifier and nonce are others', async (context) => {
  const { central } = await stage(context);
  const [first, second] = [new Browser(), new Browser()];
  const [own, foreign] = [
    new URL(await authenticate(first, central, 'alice')),
    new URL(await authenticate(second, central, 'eve')),
  ];
  own.searchParams.set('code', foreign.searchParams.get('code') ?? '');
  const { status, text } = await first.go(own.href);
  assert.deepEqual([status, JSON.parse(text).code], [403, 'login-failed']);
});

test('an id token whose signature does not hold gives nothing', async (context) => {
  const { central, provider } = await stage(context);
  const browser = new Browser();
  const back = await authenticate(browser, central, 'alice');
  provider.forgery.isSignatureBroken = true;
  const { status, text } = await browser.go(back);
  assert.deepEqual([status, JSON.parse(text).code], [403, 'login-failed']);
});

test('an id token that is signed anew, with nothing changed, gives a login', async (context) => {
  const { central, provider } = await stage(context);
  const browser = new Browser();
  const back = await authenticate(browser, central, 'alice');
  provider.forgery.payload = {};
  assert.equal((await browser.go(back)).status, 303);
});

for (const [name, payload] of [
  ['for another nonce', { nonce: 'another' }],
  ['that has expired', { exp: 1_600_000_000 }],
  ['for another audience', { aud: 'another-client' }],
  ['of another issuer', { iss: 'http://127.0.0.1:1' }],
] as const) {
  test(`a signed id token ${name} gives nothing`, async (context) => {
    const { central, provider } = await stage(context);
    const browser = new Browser();
    const back = await authenticate(browser, central, 'alice');
    provider.forgery.payload = payload;
    const { status, text } = await browser.go(back);
    assert.deepEqual([status, JSON.parse(text).code], [403, 'login-failed']);
    assert.doesNotMatch(browser.cookiesOf(central.url), /sealwatch_login/);
  });
}

test('a login ends after its time, and a login under way after ten minutes', async (context) => {
  let now = Date.now();
  const { central } = await stage(context, () => now);
  const browser = new Browser();
  await browser.go(await authenticate(browser, central, 'alice'));
  const cookie = browser.cookiesOf(central.url);
  const late = await authenticate(browser, central, 'alice');
  now += 600_000;
  assert.equal((await browser.go(late)).status, 403);
  assert.equal((await call(central, 'GET', '/api/v1/me', { cookie })).status, 200);
  now += 8 * 3_600_000;
  assert.equal((await call(central, 'GET', '/api/v1/me', { cookie })).status, 401);
});

test('while the provider cannot be reached nobody logs in, and afterwards they do', async (context) => {
  const { central, provider } = await stage(context);
  const api = apiSettingsSchema.parse({
    public_url: PUBLIC_URL,
    oidc: { issuer: 'http://127.0.0.1:1', client_id: 'sealwatch', roles: {} },
  });
  const lonely = await closedCentral(context, { api });
  const { status, body } = await call(lonely.central, 'GET', '/login');
  assert.deepEqual([status, body.code], [403, 'login-failed']);
  assert.ok((await call(central, 'GET', '/login')).headers.get('location')?.startsWith(provider.issuer));
  await until(async () => (await call(central, 'GET', '/healthz')).status === 200);
});

test('cookies of an API behind https travel by https alone, to this host alone', async (context) => {
  const provider = await startProvider(context);
  const api = apiSettingsSchema.parse({
    public_url: 'https://central.example',
    oidc: { issuer: provider.issuer, client_id: 'sealwatch', roles: {} },
  });
  const { central } = await closedCentral(context, { api });
  const [cookie = ''] = (await call(central, 'GET', '/login')).headers.getSetCookie();
  assert.match(
    cookie,
    /^__Host-sealwatch_begun=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});

test('http is refused where it is not loopback', () => {
  const oidc = { issuer: 'http://idp.example', client_id: 'x', roles: {} };
  assert.equal(apiSettingsSchema.safeParse({ oidc }).success, false);
  assert.equal(apiSettingsSchema.safeParse({ public_url: 'http://central.example' }).success, false);
  assert.equal(apiSettingsSchema.safeParse({ public_url: 'http://[::1]:7300' }).success, true);
});
