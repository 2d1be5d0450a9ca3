import { readdirSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import * as z from 'zod';
import type { Profile } from '../../wire/index.ts';
import type { VerificationKey } from '../envelope/dsse.ts';
import { ApprovalError } from '../errors.ts';
import { readBounded } from '../store/bounded-file.ts';
import { agentAccount } from './agent-account.ts';
import { exposedPart } from './ownership.ts';
import { keyId, MAX_KEY_BYTES, parsePublicKey } from './public-key.ts';

const MAX_TRUST_ROOTS = 256;
const MAX_THRESHOLD = 16;
const POLICY_FILE = 'policy.json';
const ENDINGS = ['.pem', '.pub'] as const;

/** A public key whose signatures count. */
export interface TrustRoot extends VerificationKey {
  /** What people call it: its file's name without the ending. */
  readonly name: string;
  readonly path: string;
}

/** Whose signatures count on this host, and how many an approval needs. */
export interface Trust {
  /** By key id. */
  readonly keys: ReadonlyMap<string, TrustRoot>;
  readonly threshold: Readonly<Record<Profile, number>>;
}

/** Where trust roots are looked for. */
export interface TrustSource {
  readonly stateDir: string;
  /** The host's own directory; where it exists, it alone counts. Null looks under the state directory only. */
  readonly systemDirectory: string | null;
  readonly profile: Profile;
}

const threshold = z.number().int().min(1).max(MAX_THRESHOLD).default(1);
const trustPolicySchema = z.strictObject({
  threshold: z.strictObject({ developer: threshold, production: threshold }),
});
const ONE_SIGNATURE: Trust['threshold'] = { developer: 1, production: 1 };

/** The directory that counts: that of the host where it exists, else that of the state directory. */
export function trustDirectory({ stateDir, systemDirectory }: Omit<TrustSource, 'profile'>): string {
  const own = join(stateDir, 'trust');
  return systemDirectory !== null && namesIn(systemDirectory) !== null ? systemDirectory : own;
}

/** Files and directories that decide whose signatures count, for watching; they may not exist. */
export function trustFiles(source: Omit<TrustSource, 'profile'>): readonly string[] {
  const directory = trustDirectory(source);
  const names = (namesIn(directory) ?? []).slice(0, MAX_TRUST_ROOTS);
  const system = source.systemDirectory === null ? [] : [source.systemDirectory];
  return [...new Set([...system, directory])].concat(names.map((name) => join(directory, name)));
}

/**
 * Whose signatures count. Only root may be able to write the files, their directory and what lies above; as
 * an ordinary user in the developer profile, so may the caller and the account of the host's agent where they lie under
 * the state directory. One that
 * others may write refuses all, since it would let them add themselves.
 * @throws {ApprovalError}
 */
export function loadTrust(source: TrustSource): Trust {
  const directory = trustDirectory(source);
  const names = namesIn(directory);
  if (names === null) return { keys: new Map(), threshold: ONE_SIGNATURE };
  const owners = trustedOwners(source, directory);
  refuseExposed(directory, owners);
  const keyFiles = names.filter((name) => ENDINGS.some((ending) => name.endsWith(ending)));
  if (keyFiles.length > MAX_TRUST_ROOTS)
    throw policyInvalid(directory, `over ${MAX_TRUST_ROOTS} trust roots`);
  const roots = keyFiles.map((name) => {
    const path = join(directory, name);
    refuseExposed(path, owners);
    return readRoot(path);
  });
  const keys = new Map(roots.map((root) => [root.id, root]));
  if (!names.includes(POLICY_FILE)) return { keys, threshold: ONE_SIGNATURE };
  const path = join(directory, POLICY_FILE);
  refuseExposed(path, owners);
  return { keys, threshold: readThreshold(path, keys.size) };
}

/**
 * Trust roots that were named one by one, as in CI. None may lie in a directory that is itself judged: a
 * checkout must not bring its own trust.
 * @throws {ApprovalError}
 */
export function loadTrustFiles(paths: readonly string[], judged: readonly string[]): Trust {
  const roots = paths.map((given) => {
    const path = resolve(given);
    if (judged.some((directory) => path.startsWith(`${resolve(directory)}${sep}`))) {
      throw new ApprovalError(
        'APPROVAL_TRUST_ROOT_EXPOSED',
        `${path} lies in the checkout that it would judge`,
        {
          hint: 'keep the public key outside of the checkout, e.g. in a variable of the CI system',
        },
      );
    }
    return readRoot(path);
  });
  return { keys: new Map(roots.map((root) => [root.id, root])), threshold: ONE_SIGNATURE };
}

/** Users whose files are believed. */
function trustedOwners({ profile, systemDirectory }: TrustSource, directory: string): readonly number[] {
  const uid = process.getuid?.() ?? 0;
  if (profile !== 'developer' || directory === systemDirectory) return [0];
  const agent = agentAccount();
  return agent === null ? [0, uid] : [0, uid, agent];
}

function readRoot(path: string): TrustRoot {
  let text: string;
  try {
    text = readBounded(path, MAX_KEY_BYTES);
  } catch (cause) {
    throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} cannot be read`, { cause });
  }
  const key = parsePublicKey(text);
  if (key === null)
    throw new ApprovalError('APPROVAL_KEY_UNREADABLE', `${path} is not an Ed25519 public key`);
  const name = path.slice(path.lastIndexOf(sep) + 1).replace(/\.[^.]*$/, '');
  return { id: keyId(key), key, name, path };
}

function readThreshold(path: string, keys: number): Trust['threshold'] {
  let value: unknown;
  try {
    value = JSON.parse(readBounded(path, MAX_KEY_BYTES));
  } catch (cause) {
    throw new ApprovalError('APPROVAL_TRUST_POLICY_INVALID', `${path} cannot be read as JSON`, { cause });
  }
  const parsed = trustPolicySchema.safeParse(value);
  if (!parsed.success) throw policyInvalid(path, z.prettifyError(parsed.error));
  const needed = parsed.data.threshold;
  const most = Math.max(needed.developer, needed.production);
  if (most > Math.max(keys, 1))
    throw policyInvalid(path, `asks for ${most} signatures of ${keys} trust roots`);
  return needed;
}

function policyInvalid(path: string, message: string): ApprovalError {
  return new ApprovalError('APPROVAL_TRUST_POLICY_INVALID', `${path}: ${message}`, {
    hint: 'it reads {"threshold": {"developer": 1, "production": 2}}',
  });
}

function refuseExposed(path: string, owners: readonly number[]): void {
  const part = exposedPart(path, owners);
  if (part === null) return;
  throw new ApprovalError('APPROVAL_TRUST_ROOT_EXPOSED', `${part} could have been written by others`, {
    hint: `only root may be able to write trust roots: chown root ${part} && chmod go-w ${part}`,
  });
}

/** Names in a directory, sorted; null where it is not there. */
function namesIn(directory: string): readonly string[] | null {
  try {
    return readdirSync(directory).sort();
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new ApprovalError('APPROVAL_STORE_UNREADABLE', `${directory} cannot be read`, { cause });
  }
}
