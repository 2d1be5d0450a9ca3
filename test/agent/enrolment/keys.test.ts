import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { CredentialFiles } from '../../../agent/enrolment/credential-files.ts';
import { keyFile, makeKey } from '../../../agent/enrolment/key-keeper.ts';
import { hasTpm, sealedKey } from '../../../agent/enrolment/sealed-key.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { noSoftTpm, SoftTpm } from './soft-tpm.ts';

const ID = '00112233445566aa';
const skip = noSoftTpm();
if (skip !== false) console.log(`SKIPPED: ${skip}`);
const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer } | null) =>
  String(key?.export({ type: 'pkcs8', format: 'pem' }));

test('without a TPM the key is a file of its owner', async () => {
  using state = new TempDirectory();
  const files = new CredentialFiles(state.path, { env: { PATH: state.path } });
  const keeper = await files.keeper(ID);
  assert.equal(keeper.name, 'file');
  assert.equal(await keeper.read(), null);
  const key = makeKey();
  await keeper.write(key);
  assert.equal(pem(await (await files.keeper(ID)).read()), pem(key));
  assert.equal(statSync(state.at('enrolment', `${ID}.key`)).mode & 0o777, 0o600);
  assert.equal(statSync(state.at('enrolment')).mode & 0o777, 0o700);
});

test('tools that no TPM answers are as good as none', async () => {
  using bin = new TempDirectory();
  for (const name of ['tpm2_createprimary', 'tpm2_create', 'tpm2_load', 'tpm2_unseal'])
    bin.write(name, '#!/bin/sh\necho no device >&2\nexit 1\n', 0o755);
  assert.equal(await hasTpm({ env: { PATH: bin.path } }), false);
});

test('a sealed key comes back from its TPM only', { skip }, async (context) => {
  using state = new TempDirectory();
  const tpm = await SoftTpm.start(context, state.at('tpm'));
  const files = new CredentialFiles(state.path, { env: tpm.env });
  const keeper = await files.keeper(ID);
  assert.equal(keeper.name, 'tpm');
  const key = makeKey();
  await keeper.write(key);
  // More often than a TPM has room for what is loaded.
  for (let reads = 0; reads < 4; reads += 1) assert.equal(pem(await keeper.read()), pem(key));
  const kept = readdirSync(state.at('enrolment'));
  assert.deepEqual(kept, [`${ID}.tpm.json`]);
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const text = readFileSync(state.at('enrolment', `${ID}.tpm.json`), 'utf8');
  const { private: sealed, public: open } = JSON.parse(text);
  for (const blob of [sealed, open]) assert.ok(!Buffer.from(blob, 'base64').includes(scalar));
  const other = await SoftTpm.start(context, state.at('other-tpm'));
  const copied = new CredentialFiles(state.path, { env: other.env });
  await assert.rejects((await copied.keeper(ID)).read(), /tpm2_load failed/);
});

test('the private key stands on no command line', { skip }, async (context) => {
  using state = new TempDirectory();
  using bin = new TempDirectory();
  const tpm = await SoftTpm.start(context, state.at('tpm'));
  const path = process.env['PATH'] ?? '';
  for (const name of ['tpm2_createprimary', 'tpm2_create', 'tpm2_load', 'tpm2_unseal', 'tpm2_flushcontext']) {
    bin.write(
      name,
      `#!/bin/sh\nprintf '%s\\n' "$0 $*" >> ${bin.at('log')}\nPATH='${path}' exec ${name} "$@"\n`,
      0o755,
    );
  }
  const keeper = sealedKey(state.at('key.json'), { env: { ...tpm.env, PATH: `${bin.path}:${path}` } });
  const key = makeKey();
  await keeper.write(key);
  assert.equal(pem(await keeper.read()), pem(key));
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const words = bin.read('log');
  assert.match(words, /tpm2_create /);
  for (const spelled of [scalar.toString('hex'), scalar.toString('base64'), scalar.toString('base64url')])
    assert.ok(!words.includes(spelled));
});

test('a key that is there stays where it is when a TPM comes later', { skip }, async (context) => {
  using state = new TempDirectory();
  await (await new CredentialFiles(state.path, { env: {} }).keeper(ID)).write(makeKey());
  const tpm = await SoftTpm.start(context, state.at('tpm'));
  const keeper = await new CredentialFiles(state.path, { env: tpm.env }).keeper(ID);
  assert.equal(keeper.name, 'file');
  assert.notEqual(await keeper.read(), null);
});

test('a key file that is broken is told, and not replaced', async () => {
  using state = new TempDirectory();
  const path = state.at('key');
  writeFileSync(path, 'no key');
  chmodSync(path, 0o600);
  await assert.rejects(keyFile(path).read());
  assert.equal(readFileSync(path, 'utf8'), 'no key');
});
