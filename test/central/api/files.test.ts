import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { apiSettingsSchema } from '../../../central/access/settings.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { startCentral, workDirectory } from '../bench.ts';

/** A certificate of the API and its key. */
function pair(directory: TempDirectory) {
  const at = (name: string) => directory.at(name);
  const files = ['-keyout', at('api.key'), '-out', at('api.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=central'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...files], { stdio: 'ignore' });
  chmodSync(at('api.key'), 0o600);
  return { cert_file: at('api.pem'), key_file: at('api.key') };
}

async function started(context: TestContext, tls: { cert_file: string; key_file: string }): Promise<string> {
  const api = apiSettingsSchema.parse({ tls });
  const central = await startCentral(context, workDirectory(context), { api });
  await central.stop();
  return central.url;
}

test('a key or certificate of the API that others may write, and a key that all may read, is refused', async (context) => {
  using directory = new TempDirectory();
  const tls = pair(directory);
  const refused = { code: 'CENTRAL_API_FILE_EXPOSED' };
  chmodSync(tls.key_file, 0o640);
  assert.match(await started(context, tls), /^https:/, 'a group may read it');
  chmodSync(tls.key_file, 0o644);
  await assert.rejects(started(context, tls), refused);
  chmodSync(tls.key_file, 0o660);
  await assert.rejects(started(context, tls), refused);
  chmodSync(tls.key_file, 0o600);
  chmodSync(tls.cert_file, 0o666);
  await assert.rejects(started(context, tls), refused);
  chmodSync(tls.cert_file, 0o644);
  chmodSync(directory.path, 0o777);
  await assert.rejects(started(context, tls), refused);
  chmodSync(directory.path, 0o700);
});
