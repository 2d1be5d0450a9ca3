import { readFileSync } from 'node:fs';
import {
  createKey,
  DEFAULT_KEY,
  type KeyFile,
  keyId,
  keyNames,
  listAgentKeys,
  loadTrust,
  openKey,
  parsePublicKey,
  sshBlobOf,
  sshFingerprint,
  trustKey,
} from '../../approval/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { keySource } from '../installation.ts';
import { type Output, printable } from '../output.ts';

export interface KeyOptions {
  readonly stateDir: string;
  readonly name?: string;
  /** Whether a new key's public half goes into the trust roots. */
  readonly trust?: boolean;
  /** Writes the public half as OpenSSH does. */
  readonly ssh?: boolean;
}

/** `sealwatch key create`: a new Ed25519 key. */
export function keyCreate(options: KeyOptions, output: Output): ExitCode {
  const source = keySource(options.stateDir);
  const key = createKey(options.stateDir, options.name ?? DEFAULT_KEY);
  const trusted = options.trust === false ? null : trustKey(source, key);
  const { id } = key.signer;
  if (output.json) output.answerJson({ name: key.name, id, path: key.path, trusted });
  else {
    output.answer(`made key ${key.name} (${id.slice(0, 16)}) in ${key.path}`);
    output.answer(trusted === null ? 'it is in no trust roots' : `its signatures count: ${trusted}`);
  }
  return EXIT.fine;
}

/** `sealwatch key export`: the public half, for other hosts' trust roots. */
export function keyExport(options: KeyOptions, output: Output): ExitCode {
  const key = openNamed(options);
  const pem = String(key.publicKey.export({ type: 'spki', format: 'pem' }));
  const line = `ssh-ed25519 ${sshBlobOf(key.publicKey).toString('base64')} ${key.name}`;
  output.answer(options.ssh === true ? line : pem.trimEnd());
  return EXIT.fine;
}

/** `sealwatch key trust`: lets the signatures of a public key count here. */
export function keyTrust(file: string, options: KeyOptions, output: Output): ExitCode {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${file} cannot be read`, { cause });
  }
  const publicKey = parsePublicKey(text);
  if (publicKey === null)
    throw new CliError('CLI_FILE_UNREADABLE', `${file} holds no Ed25519 public key`, {
      hint: '`sealwatch key export` writes one',
    });
  const path = trustKey(keySource(options.stateDir), { publicKey });
  output.answer(`signatures of ${keyId(publicKey).slice(0, 16)} count now: ${path}`);
  return EXIT.fine;
}

/** `sealwatch key list`: own keys, those of the OpenSSH agent, and whose signatures count. */
export async function keyList(options: KeyOptions, output: Output): Promise<ExitCode> {
  const source = keySource(options.stateDir);
  const trust = loadTrust({ ...source, profile: 'developer' });
  const own = keyNames(options.stateDir).flatMap((name) => openKey(options.stateDir, name) ?? []);
  const held = source.agentSocket === undefined ? [] : await agentKeys(source.agentSocket, output);
  const row = (kind: string, name: string, key: KeyFile['publicKey']) => {
    const id = keyId(key);
    return { kind, name, id, fingerprint: sshFingerprint(key), trusted: trust.keys.has(id) };
  };
  const rows = [
    ...own.map((key) => row('file', key.name, key.publicKey)),
    ...held.map((key) => row('agent', `ssh:${key.comment}`, key.key)),
    ...[...trust.keys.values()].map((root) => row('trust-root', root.name, root.key)),
  ];
  if (output.json) output.answerJson({ keys: rows, threshold: trust.threshold });
  else {
    for (const { kind, name, id, fingerprint, trusted } of rows)
      output.answer(
        [
          kind.padEnd(10),
          id.slice(0, 16),
          fingerprint,
          trusted ? 'trusted' : '-      ',
          printable(name),
        ].join('  '),
      );
    const { developer, production } = trust.threshold;
    output.answer(`signatures needed: ${developer} (developer), ${production} (production)`);
  }
  return EXIT.fine;
}

async function agentKeys(socket: string, output: Output) {
  try {
    return await listAgentKeys(socket);
  } catch (error) {
    output.say(
      `the OpenSSH agent's keys cannot be listed: ${error instanceof Error ? error.message : error}`,
    );
    return [];
  }
}

function openNamed({ stateDir, name = DEFAULT_KEY }: KeyOptions): KeyFile {
  const key = openKey(stateDir, name);
  if (key !== null) return key;
  const hint = keyNames(stateDir).join(', ');
  throw new CliError('CLI_USAGE', `there is no key ${name}`, {
    hint: hint === '' ? 'make one with `sealwatch key create`' : `there is: ${hint}`,
  });
}
