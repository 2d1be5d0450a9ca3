import { join } from 'node:path';
import { ApprovalError } from '../errors.ts';
import { writeDurably } from '../store/durable-file.ts';
import { createKey, DEFAULT_KEY, type KeyFile, keyNames, openKey } from './key-files.ts';
import { keyId } from './public-key.ts';
import type { Signer } from './signer.ts';
import { type AgentKey, agentSigner, listAgentKeys } from './ssh-agent.ts';
import { trustDirectory } from './trust-roots.ts';

const AGENT_PREFIX = 'ssh:';

/** Where keys are looked for. */
export interface KeySource {
  readonly stateDir: string;
  readonly systemDirectory: string | null;
  /** Socket of the OpenSSH agent (SSH_AUTH_SOCK); undefined where there is none. */
  readonly agentSocket: string | undefined;
}

/**
 * The key that a name means: a file of the state directory, or `ssh:COMMENT` or `ssh:SHA256:…` for one that the OpenSSH
 * agent holds. Without a name it is the host's own key, made at first use with its public half put into the trust roots.
 * @throws {ApprovalError}
 */
export async function openSigner(name: string | undefined, source: KeySource): Promise<Signer> {
  if (name?.startsWith(AGENT_PREFIX)) return agentKeySigner(name.slice(AGENT_PREFIX.length), source);
  const key = openKey(source.stateDir, name ?? DEFAULT_KEY);
  if (key !== null) return key.signer;
  if (name === undefined) return firstKey(source).signer;
  const known = keyNames(source.stateDir).join(', ');
  throw new ApprovalError('APPROVAL_KEY_UNKNOWN', `there is no key ${name}`, {
    hint: known === '' ? 'make one with `sealwatch key create`' : `there is: ${known}`,
  });
}

/** Two commands at once make one key: the second finds that of the first. */
function firstKey(source: KeySource): KeyFile {
  let key: KeyFile;
  try {
    key = createKey(source.stateDir, DEFAULT_KEY);
  } catch (error) {
    if (!(error instanceof ApprovalError) || error.code !== 'APPROVAL_KEY_EXISTS') throw error;
    const other = openKey(source.stateDir, DEFAULT_KEY);
    if (other === null) throw error;
    key = other;
  }
  if (trustDirectory(source) !== source.systemDirectory) trustKey(source, key);
  return key;
}

/** Puts a key's public half among the trust roots. @throws {ApprovalError} */
export function trustKey(source: Omit<KeySource, 'agentSocket'>, key: Pick<KeyFile, 'publicKey'>): string {
  const directory = trustDirectory(source);
  const path = join(directory, `${keyId(key.publicKey).slice(0, 16)}.pem`);
  writeDurably(path, String(key.publicKey.export({ type: 'spki', format: 'pem' })), 0o644);
  return path;
}

async function agentKeySigner(wanted: string, { agentSocket }: KeySource): Promise<Signer> {
  if (agentSocket === undefined)
    throw new ApprovalError(
      'APPROVAL_KEY_AGENT_FAILED',
      'there is no OpenSSH agent: SSH_AUTH_SOCK is not set',
    );
  const keys = await listAgentKeys(agentSocket);
  const fits = ({ comment, fingerprint }: AgentKey) => comment === wanted || fingerprint === wanted;
  const [key, ...others] = keys.filter(fits);
  if (key !== undefined && others.length === 0) return agentSigner(agentSocket, key);
  const list = keys.map(({ comment, fingerprint }) => `${comment} (${fingerprint})`).join(', ');
  const what = key === undefined ? 'holds no Ed25519 key' : 'holds several keys';
  throw new ApprovalError('APPROVAL_KEY_UNKNOWN', `the OpenSSH agent ${what} ${wanted}`, {
    hint: list === '' ? 'add one with `ssh-add`' : `it holds: ${list}`,
  });
}
