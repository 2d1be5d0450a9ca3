import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { readAgentCertificate } from '../../../central/identity/agent-certificate.ts';
import { Authority } from '../../../central/identity/authority.ts';
import { workDirectory } from '../bench.ts';
import { AGENT } from '../samples.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const DAY_MS = 24 * 3_600_000;

interface Wish {
  readonly names?: JsonGeneralNames;
  readonly usages?: readonly ExtendedKeyUsage[];
  readonly isAuthority?: boolean;
  readonly issuer?: string;
}

test('a certificate counts only as one for client authentication of one agent of this domain', async (context) => {
  const directory = workDirectory(context);
  const authority = await Authority.open({ directory, trustDomain: 'fleet.example', clock: Date.now });
  const [der = new ArrayBuffer(0)] = PemConverter.decode(readFileSync(join(directory, 'ca.key'), 'utf8'));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, CURVE, false, ['sign']);
  const { publicKey } = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
  const uri = (value: string) => ({ type: 'url', value }) as const;
  const good = uri(`spiffe://fleet.example/agent/${AGENT}`);
  const read = async (wish: Wish) => {
    const certificate = await X509CertificateGenerator.create({
      publicKey,
      subject: `CN=${AGENT}`,
      issuer: wish.issuer ?? authority.x509.subject,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 2 * DAY_MS),
      signingKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new BasicConstraintsExtension(wish.isAuthority ?? false, undefined, true),
        new ExtendedKeyUsageExtension([...(wish.usages ?? [ExtendedKeyUsage.clientAuth])]),
        new SubjectAlternativeNameExtension(wish.names ?? [good]),
      ],
    });
    return readAgentCertificate(new X509Certificate(certificate.toString('pem')), authority);
  };
  assert.equal((await read({}))?.agent, AGENT);
  for (const [what, wish] of Object.entries<Wish>({
    'for servers': { usages: [ExtendedKeyUsage.serverAuth] },
    'an authority': { isAuthority: true },
    'of another issuer': { issuer: 'CN=Somebody' },
    'of another domain': { names: [uri(`spiffe://other.example/agent/${AGENT}`)] },
    'of a domain that begins alike': { names: [uri(`spiffe://fleet.example.evil/agent/${AGENT}`)] },
    'with two names': { names: [good, uri('spiffe://fleet.example/agent/ffeeddccbbaa9988')] },
    'with a DNS name beside': { names: [good, { type: 'dns', value: 'central' }] },
    'of a DNS name that spells one': { names: [{ type: 'dns', value: `URI:${good.value}` }] },
    'with a longer path': { names: [uri(`${good.value}/x`)] },
    'of an id in capitals': {
      names: [
        uri(good.value.toUpperCase().replace('SPIFFE://FLEET.EXAMPLE/AGENT', 'spiffe://fleet.example/agent')),
      ],
    },
  })) {
    assert.equal(await read(wish), null, what);
  }
});

test('an authority is made once, and is refused where it cannot be trusted', async (context) => {
  const directory = join(workDirectory(context), 'authority');
  const open = (trustDomain?: string) => Authority.open({ directory, trustDomain, clock: Date.now });
  const first = await open('fleet.example');
  const again = await open();
  assert.deepEqual([again.pin, again.trustDomain], [first.pin, 'fleet.example']);
  const { chmodSync, copyFileSync, rmSync, statSync } = await import('node:fs');
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, 'ca.key')).mode & 0o777, 0o600);
  const unusable = (error: unknown) => Reflect.get(Object(error), 'code') === 'CENTRAL_AUTHORITY_UNUSABLE';
  await assert.rejects(open('other.example'), unusable);
  chmodSync(join(directory, 'ca.key'), 0o640);
  await assert.rejects(open(), unusable);
  chmodSync(join(directory, 'ca.key'), 0o600);
  const other = join(workDirectory(context), 'other');
  await Authority.open({ directory: other, trustDomain: 'fleet.example', clock: Date.now });
  copyFileSync(join(other, 'ca.pem'), join(directory, 'ca.pem'));
  await assert.rejects(open(), unusable, 'a certificate of another key');
  rmSync(join(directory, 'ca.pem'));
  assert.equal((await open('fleet.example')).pin, first.pin, 'a crash before the certificate was written');
});
