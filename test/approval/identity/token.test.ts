import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose';
import { keySetOf } from '../../../approval/identity/key-set.ts';
import {
  signToken,
  TOKEN_FAULTS,
  type TokenFault,
  type TokenGrounds,
  verifyToken,
} from '../../../approval/identity/token.ts';
import { NOW_MS, newKey, partsOf, STATEMENT, tokenWith } from './token-key.ts';

const KEY = newKey();
const TOKEN = signToken(STATEMENT, KEY, NOW_MS);
const NOW_S = NOW_MS / 1_000;
const GROUNDS: TokenGrounds = {
  keys: new Map([[KEY.id, KEY.publicKey]]),
  audience: STATEMENT.audience,
  nowMs: NOW_MS,
};

/** Why a token is refused; null where it is believed. */
function faultOf(token: string, grounds: Partial<TokenGrounds> = {}): TokenFault | null {
  const verdict = verifyToken(token, { ...GROUNDS, ...grounds });
  return verdict.valid ? null : verdict.fault;
}

test('a token says who calls whom, for five minutes, and what was approved', () => {
  const { header, claims } = partsOf(TOKEN);
  const { jti, ...rest } = claims;
  assert.deepEqual(header, { alg: 'EdDSA', typ: 'JWT', kid: KEY.id });
  assert.deepEqual(rest, {
    iss: 'spiffe://example.org/host/h1',
    sub: 'spiffe://example.org/host/h1/client/cursor/server/files',
    aud: ['https://api.example.org'],
    iat: NOW_S,
    nbf: NOW_S,
    exp: NOW_S + 300,
    closure: 'c'.repeat(64),
    profile: 'production',
    serial: 7,
  });
  assert.match(jti, /^[0-9a-f-]{36}$/);
  assert.notEqual(partsOf(signToken(STATEMENT, KEY, NOW_MS)).claims.jti, jti);
});

test('a token is believed with its claims', () => {
  const verdict = verifyToken(TOKEN, GROUNDS);
  assert.deepEqual(verdict, { valid: true, claims: partsOf(TOKEN).claims });
});

test('another implementation verifies our tokens by our key set, and we verify its', async () => {
  const keySet = JSON.parse(keySetOf(KEY.publicKey));
  const audience = STATEMENT.audience;
  const options = {
    audience,
    issuer: STATEMENT.issuer,
    algorithms: ['EdDSA'],
    currentDate: new Date(NOW_MS),
  };
  const { payload } = await jwtVerify(TOKEN, createLocalJWKSet(keySet), options);
  assert.equal(payload.sub, STATEMENT.subject);
  const others = { keys: [{ ...keySet.keys[0], x: partsOf(TOKEN).claims.closure.slice(0, 43) }] };
  await assert.rejects(jwtVerify(TOKEN, createLocalJWKSet(others), options));

  const { claims } = partsOf(TOKEN);
  const theirs = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: KEY.id })
    .sign(KEY.privateKey);
  assert.equal(faultOf(theirs), null);
});

test('only EdDSA is taken, whatever a token asks for', () => {
  for (const alg of ['none', 'None', 'HS256', 'RS256', 'ES256', 'Ed25519', 'eddsa', '', null, 1, undefined])
    assert.equal(faultOf(tokenWith(KEY, { header: { alg } })), 'algorithm', String(alg));
});

test('a token without a signature is refused', () => {
  const [head, body] = TOKEN.split('.');
  assert.equal(faultOf(`${head}.${body}.`), 'signature');
  assert.equal(faultOf(`${head}.${body}`), 'malformed');
  const none = tokenWith(KEY, { header: { alg: 'none' } }).split('.');
  assert.equal(faultOf(`${none[0]}.${none[1]}.`), 'algorithm');
});

test('the public key is no secret for an HMAC', () => {
  const spki = KEY.publicKey.export({ type: 'spki', format: 'pem' });
  const raw = Buffer.from(KEY.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  for (const secret of [spki, raw])
    for (const alg of ['HS256', 'EdDSA']) {
      const [head, body] = tokenWith(KEY, { header: { alg } }).split('.');
      const mac = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
      assert.equal(faultOf(`${head}.${body}.${mac}`), alg === 'HS256' ? 'algorithm' : 'signature');
    }
});

test('a header with more than algorithm, type and key is refused, so that no extension is passed over', () => {
  const more = [
    { crit: ['exp'] },
    { jwk: KEY.publicKey.export({ format: 'jwk' }) },
    { jku: 'https://x' },
    { x: 1 },
  ];
  for (const header of more) assert.equal(faultOf(tokenWith(KEY, { header })), 'malformed');
  assert.equal(faultOf(tokenWith(KEY, { header: { typ: 'at+jwt' } })), 'malformed');
});

test('a key that is not among those that count is refused, also under the name of one that is', () => {
  const other = newKey();
  assert.equal(faultOf(signToken(STATEMENT, other, NOW_MS)), 'unknown_key');
  assert.equal(faultOf(TOKEN, { keys: new Map() }), 'unknown_key');
  assert.equal(faultOf(signToken(STATEMENT, { ...other, id: KEY.id }, NOW_MS)), 'signature');
  for (const kid of ['__proto__', 'constructor'])
    assert.equal(faultOf(tokenWith(KEY, { header: { kid } })), 'unknown_key');
});

test('a claim that was changed after the signature is refused', () => {
  const [head, , signature] = TOKEN.split('.');
  const later = { ...partsOf(TOKEN).claims, exp: NOW_S + 3_000 };
  const body = Buffer.from(JSON.stringify(later)).toString('base64url');
  assert.equal(faultOf(`${head}.${body}.${signature}`), 'signature');
});

test('no single changed character of a token is passed over', () => {
  for (let at = 0; at < TOKEN.length; at += 1) {
    const other = TOKEN[at] === 'A' ? 'B' : 'A';
    assert.notEqual(faultOf(TOKEN.slice(0, at) + other + TOKEN.slice(at + 1)), null, `character ${at}`);
  }
});

test('a token is for its audience, letter by letter, and one of several is enough', () => {
  for (const audience of [
    'https://api.example.org/',
    'https://API.example.org',
    'https://api.example.or',
    '',
  ])
    assert.equal(faultOf(TOKEN, { audience }), 'audience', audience);
  const several = tokenWith(KEY, { claims: { aud: ['other', STATEMENT.audience] } });
  assert.equal(faultOf(several), null);
});

test('a token ends after five minutes, with 30 s of leeway for clocks that differ', () => {
  assert.equal(faultOf(TOKEN, { nowMs: NOW_MS + 329_999 }), null);
  assert.equal(faultOf(TOKEN, { nowMs: NOW_MS + 330_000 }), 'expired');
  assert.equal(faultOf(TOKEN, { nowMs: NOW_MS - 30_000 }), null);
  assert.equal(faultOf(TOKEN, { nowMs: NOW_MS - 30_001 }), 'not_yet_valid');
});

test('what is signed and still no token of ours is refused', () => {
  const odd: object[] = [
    { sub: 'files' },
    { sub: 'spiffe://example.org/host/h1' },
    { sub: 'spiffe://example.org/host/h10/client/cursor/server/files' },
    { sub: 'spiffe://example.org/host/h1/../h2' },
    { iss: 'https://example.org' },
    { iss: undefined },
    { aud: STATEMENT.audience },
    { aud: [] },
    { exp: `${NOW_S + 300}` },
    { exp: null },
    { exp: NOW_S + 0.5 },
    { nbf: undefined },
    { iat: -1 },
    { jti: '' },
    { closure: 7 },
    { profile: 'lenient' },
    { serial: 0 },
  ];
  for (const claims of odd)
    assert.equal(faultOf(tokenWith(KEY, { claims })), 'malformed', JSON.stringify(claims));
});

test('what is not three parts of base64url is refused', () => {
  const [head, body, signature] = TOKEN.split('.');
  const odd = [
    ...['', '.', '..', '...', 'x', TOKEN.slice(1), `${TOKEN}.`, `.${TOKEN}`, `${TOKEN}.${signature}`],
    ...[
      `${head}..${body}.${signature}`,
      `${TOKEN}=`,
      `${TOKEN}==`,
      ` ${TOKEN}`,
      `${TOKEN}\n`,
      `Bearer ${TOKEN}`,
    ],
    ...[`${head}.${body}=.${signature}`, TOKEN.replaceAll('.', ','), `bnVsbA.${body}.${signature}`],
    ...[`${head}.W10.${signature}`, `${head}.e30.${signature}`, `${head}.e3.${signature}`],
  ];
  for (const token of odd) assert.equal(faultOf(token), 'malformed', token);
});

test('a signature in another spelling of the same bytes is refused', () => {
  const last = TOKEN.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // 64 bytes end in a character of which four bits do not count.
  const twin = alphabet[alphabet.indexOf(last) ^ 1] ?? '';
  const token = TOKEN.slice(0, -1) + twin;
  assert.deepEqual(
    Buffer.from(token.split('.')[2] ?? '', 'base64url'),
    Buffer.from(TOKEN.split('.')[2] ?? '', 'base64url'),
  );
  assert.equal(faultOf(token), 'malformed');
});

test('a token over 8 KiB is refused before it is read', () => {
  assert.equal(faultOf(tokenWith(KEY, { claims: { more: 'x'.repeat(5_000) } })), null);
  assert.equal(faultOf(tokenWith(KEY, { claims: { more: 'x'.repeat(8_000) } })), 'malformed');
  assert.equal(faultOf('.'.repeat(50_000_000)), 'malformed');
});

test('every reason for a refusal is one of a closed set, and each is given', () => {
  const given = [
    faultOf(''),
    faultOf(tokenWith(KEY, { header: { alg: 'none' } })),
    faultOf(TOKEN, { keys: new Map() }),
    faultOf(signToken(STATEMENT, { ...newKey(), id: KEY.id }, NOW_MS)),
    faultOf(TOKEN, { audience: 'other' }),
    faultOf(TOKEN, { nowMs: NOW_MS + 3_600_000 }),
    faultOf(TOKEN, { nowMs: NOW_MS - 3_600_000 }),
  ];
  assert.deepEqual(given, [...TOKEN_FAULTS]);
});
