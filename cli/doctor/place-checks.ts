import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentConfig, AgentError, loadConfig } from '../../agent/index.ts';
import { loadTrust, OTHERS_MAY_ANYTHING, OTHERS_MAY_WRITE } from '../../approval/index.ts';
import { CodedError } from '../../wire/index.ts';
import { mebibytes } from '../output.ts';
import { CREDENTIALS_DIRECTORY, PLACES } from '../service/parts.ts';
import type { CauseCode } from './causes.ts';
import { type Check, unseen, well, wrong } from './check.ts';
import { isForbidden, type Surroundings } from './surroundings.ts';

/** Free bytes below which alerts will soon not be stored, and free files. */
const LEAST_BYTES = 256 * 1024 * 1024;
const LEAST_FILES = 1_000;
/** Users that packages run the agent as. */
const AGENT_USERS: readonly string[] = ['sealwatch', '_sealwatch'];
const CONFIG_CODES: Readonly<Record<string, CauseCode>> = {
  AGENT_CONFIG_EXPOSED: 'config-exposed',
  AGENT_CONFIG_INVALID: 'config-invalid',
};

/** The config of the host's agent, as far as it can be read. */
export interface ReadConfig {
  readonly check: Check;
  readonly config: AgentConfig | null;
}

/** Reads the config as the agent would. */
export function configCheck({ configPath }: Surroundings): ReadConfig {
  const name = 'config';
  try {
    // Also where a directory above may not be looked into.
    statSync(configPath);
  } catch (error) {
    const detail = isForbidden(error) ? `${configPath}: you may not look` : `there is no ${configPath}`;
    return { check: unseen(name, detail), config: null };
  }
  try {
    const config = loadConfig(configPath);
    return { check: well(name, configPath), config };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    if (isForbidden(error.cause))
      return { check: unseen(name, `${configPath}: you may not read it`), config: null };
    const code = CONFIG_CODES[error.code] ?? 'config-unreadable';
    return { check: wrong(name, code, error.message, error.hint), config: null };
  }
}

/** State directory, its room, and what must be secret or unchangeable. */
export function placeChecks(here: Surroundings, config: AgentConfig | null): readonly Check[] {
  const { stateDir } = here;
  if (!isThere(stateDir)) return [wrong('state directory', 'state-missing', `${stateDir} does not exist`)];
  return [
    stateCheck(here),
    spaceCheck(stateDir),
    filesCheck(stateDir),
    keysCheck(stateDir),
    ...(config === null ? [] : [tokenCheck(config), trustCheck(config, stateDir)]),
  ];
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function stateCheck({ stateDir, userName }: Pick<Surroundings, 'stateDir' | 'userName'>): Check {
  const name = 'state directory';
  try {
    const { uid, mode } = statSync(stateDir);
    const own = process.getuid?.() ?? uid;
    const isOurs = uid === 0 || uid === own || AGENT_USERS.includes(userName(uid));
    if (!isOurs || (mode & OTHERS_MAY_WRITE) !== 0) {
      const detail = isOurs ? `${stateDir} is writable by others` : `${stateDir} belongs to ${userName(uid)}`;
      return wrong(name, 'state-exposed', detail);
    }
    if (own !== 0 && uid !== own) return unseen(name, `${stateDir} is not yours: you may not look`);
    accessSync(stateDir, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (!isForbidden(error)) return wrong(name, 'state-unwritable', `${stateDir}: ${String(error)}`);
    return wrong(name, 'state-unwritable', `${stateDir} is not writable by you`);
  }
  return well(name, stateDir);
}

function spaceCheck(stateDir: string): Check {
  const name = 'space';
  try {
    const { bavail, bsize } = statfsSync(stateDir);
    const free = bavail * bsize;
    const detail = `${mebibytes(free)} free at ${stateDir}`;
    return free < LEAST_BYTES ? wrong(name, 'space-low', detail) : well(name, detail);
  } catch {
    return unseen(name, `${stateDir} cannot be looked into`);
  }
}

function filesCheck(stateDir: string): Check {
  const name = 'inodes';
  try {
    const { files, ffree } = statfsSync(stateDir);
    // Some file systems make them as they are needed, and count none.
    if (files === 0) return well(name, 'not limited');
    return ffree < LEAST_FILES ? wrong(name, 'inodes-low', `${ffree} free`) : well(name, `${ffree} free`);
  } catch {
    return unseen(name, `${stateDir} cannot be looked into`);
  }
}

/** Private keys that sign approvals, and those that this host proves itself with. */
function keysCheck(stateDir: string): Check {
  const name = 'keys';
  const found: string[] = [];
  for (const [directory, endings] of [
    ['keys', ['.pem']],
    ['enrolment', ['.key', '.tpm.json']],
  ] as const) {
    const path = join(stateDir, directory);
    if (!isThere(path)) continue;
    try {
      const names = readdirSync(path).filter((file) => endings.some((ending) => file.endsWith(ending)));
      found.push(...names.map((file) => join(path, file)));
    } catch {
      return unseen(name, `${path}: you may not look`);
    }
  }
  const exposed = found.filter((path) => (statSync(path).mode & OTHERS_MAY_ANYTHING) !== 0);
  if (exposed.length > 0) return wrong(name, 'keys-exposed', exposed.join(', '));
  return well(name, `${found.length} private keys, for their owner only`);
}

function tokenCheck(config: AgentConfig): Check {
  const name = 'enrolment token';
  const path = tokenPath(config);
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    // Once a host is enrolled none is needed; while it is not, the agent says so.
    if (stat === undefined) return well(name, `none at ${path}`);
    const isOpen = (stat.mode & OTHERS_MAY_ANYTHING) !== 0;
    return isOpen ? wrong(name, 'token-exposed', path, `chmod 600 ${path}`) : well(name, path);
  } catch {
    return unseen(name, `${path}: you may not look`);
  }
}

/** The file that somebody wrote the token into: a unit may have got a copy of it as a credential. */
export function tokenPath({ central: { token_file: path } }: AgentConfig): string {
  return path.startsWith(`${CREDENTIALS_DIRECTORY}/`) ? PLACES.agent.token : path;
}

function trustCheck({ trust_dir, profile }: AgentConfig, stateDir: string): Check {
  const name = 'trust roots';
  const systemDirectory = existsSync(trust_dir) ? trust_dir : null;
  const place = systemDirectory ?? join(stateDir, 'trust');
  try {
    const { keys } = loadTrust({ stateDir, systemDirectory, profile });
    return well(name, `${keys.size} keys at ${place}`);
  } catch (error) {
    if (!(error instanceof CodedError)) return unseen(name, `${place} cannot be looked into`);
    if (isForbidden(error.cause)) return unseen(name, `${place}: you may not look`);
    return wrong(name, 'trust-refused', `${error.message} (${error.code})`, error.hint);
  }
}
