import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { keySetOf, MAX_KEY_SET_BYTES, readKeySet } from '../../../approval/identity/key-set.ts';
import { newKey } from './token-key.ts';

const KEY = newKey();
const [JWK] = JSON.parse(keySetOf(KEY.publicKey)).keys;

function read(...keys: object[]): readonly string[] | null {
  const found = readKeySet(JSON.stringify({ keys }));
  return found === null ? null : [...found.keys()];
}

test('a key set holds the public half under the id that tokens name', () => {
  assert.deepEqual(Object.keys(JWK), ['kty', 'crv', 'x', 'kid', 'use', 'alg']);
  const key = readKeySet(keySetOf(KEY.publicKey))?.get(KEY.id);
  assert.ok(key?.equals(KEY.publicKey));
  assert.ok(!keySetOf(KEY.publicKey).includes(KEY.privateKey.export({ format: 'jwk' }).d ?? '?'));
});

test('keys of other kinds or for another use are passed over', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ format: 'jwk' });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  const others = [
    { ...rsa, kid: 'rsa' },
    { ...x25519, kid: 'x' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' },
    { ...JWK, kid: 'enc', use: 'enc' },
    { ...JWK, kid: 'alg', alg: 'HS256' },
    { ...JWK, kid: '' },
    { ...JWK, kid: 'short', x: 'AAAA' },
  ];
  assert.deepEqual(read(...others, { ...JWK, more: 1 }), [KEY.id]);
});

test('what is no key set, or one beyond limits, is refused', () => {
  for (const text of [
    '',
    '{}',
    '[]',
    'null',
    '{"keys":{}}',
    '{"keys":null}',
    keySetOf(KEY.publicKey).slice(1),
  ])
    assert.equal(readKeySet(text), null, text);
  assert.equal(read(...Array.from({ length: 1_001 }, () => ({}))), null);
  assert.equal(readKeySet(`{"keys":[]}${' '.repeat(MAX_KEY_SET_BYTES)}`), null);
});
