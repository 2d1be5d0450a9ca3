// SHA-256 sums of all that was built, and a signature of them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SUMS = 'SHA256SUMS';
const SIGNATURE = `${SUMS}.sig`;

/** Writes them for every file in a directory, as sha256sum(1) reads them; the signature is the 64 bytes of Ed25519. */
export async function writeSums(directory, key) {
  writeFileSync(join(directory, 'release.pub'), key.publicText);
  const names = readdirSync(directory).filter((name) => ![SUMS, SIGNATURE].includes(name));
  const lines = names.sort().map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex')}  ${name}\n`,
  );
  const text = Buffer.from(lines.join(''));
  writeFileSync(join(directory, SUMS), text);
  writeFileSync(join(directory, SIGNATURE), await key.signer.sign(text));
}
