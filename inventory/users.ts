import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { AccountNames } from './closure/files/names.ts';
import { readBounded } from './config/read.ts';
import { InventoryError, systemCode } from './errors.ts';
import { MAX_EXTRA_HOMES } from './limits.ts';
import { ownReach, type Reach } from './reach.ts';

/** A user of the host whose clients are looked at. */
export interface HostUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The first uid of people; those below belong to services (login.defs(5), UID_MIN). */
export const FIRST_PERSON_UID = 1_000;
const FIRST_PERSON_UIDS: Readonly<Partial<Record<NodeJS.Platform, number>>> = { darwin: 501 };
const MAX_ACCOUNTS_BYTES = 16 * 1024 * 1024;
/** The account that stands for nobody. */
const NOBODY_UID = 65_534;

/** Where the users of a host are looked for; the system's own places unless given. */
export interface HostAccounts {
  readonly passwd?: string;
  /** Directories whose children are homes. */
  readonly homes?: readonly string[];
  /** How far this program sees; as it does unless given. */
  readonly reach?: Reach;
}

const DEFAULT_HOMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['/home'],
  darwin: ['/Users'],
};

/**
 * Root, and whoever reads all files as root does, sees every person of passwd(5) whose home exists, itself, and the owners of other homes (accounts of a
 * directory service are in no file); anyone else only itself. Each home is named once.
 */
export function listHostUsers(accounts: HostAccounts = {}): readonly HostUser[] {
  const self = userInfo();
  const own: HostUser = { name: self.username, uid: self.uid, gid: self.gid, home: self.homedir };
  if (!(accounts.reach ?? ownReach()).files) return [own];
  const named = accountUsers(accounts.passwd ?? '/etc/passwd');
  const homes = accounts.homes ?? DEFAULT_HOMES[process.platform] ?? [];
  const users = new Map<string, HostUser>();
  for (const user of [...named, ...homes.flatMap((directory) => homeOwners(directory, named))]) {
    const identity = realpathSync.native(user.home);
    if (!users.has(identity)) users.set(identity, user);
  }
  return users.size === 0 ? [own] : [...users.values()];
}

function accountUsers(passwd: string): readonly HostUser[] {
  const read = readBounded(passwd, MAX_ACCOUNTS_BYTES);
  const text = read.kind === 'read' ? read.bytes.toString('utf8') : '';
  return text.split('\n').flatMap((line): readonly HostUser[] => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    const user = { name, uid: Number(uid), gid: Number(gid), home };
    const isKnown = name !== '' && /^\d+$/.test(uid) && (user.uid === 0 || isPerson(user.uid));
    return isKnown && isDirectory(home) ? [user] : [];
  });
}

/** Users that only their homes tell of; a name stands for a uid where some account has it. */
function homeOwners(directory: string, named: readonly HostUser[]): readonly HostUser[] {
  let names: readonly string[];
  try {
    names = readdirSync(directory).slice(0, MAX_EXTRA_HOMES);
  } catch {
    return [];
  }
  return names.flatMap((name): readonly HostUser[] => {
    const home = join(directory, name);
    const stat = lstatSync(home, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isDirectory() || !isPerson(stat.uid)) return [];
    const account = named.find(({ uid }) => uid === stat.uid);
    return [{ name: account?.name ?? String(stat.uid), uid: stat.uid, gid: stat.gid, home }];
  });
}

function isPerson(uid: number): boolean {
  return uid >= (FIRST_PERSON_UIDS[process.platform] ?? FIRST_PERSON_UID) && uid !== NOBODY_UID;
}

/** A directory taken as the home of its owner. Throws InventoryError where it is no directory. */
export function homeAsUser(directory: string, names: AccountNames = AccountNames.ofHost()): HostUser {
  const home = resolve(directory);
  try {
    const stat = statSync(home);
    if (!stat.isDirectory())
      throw new InventoryError('INVENTORY_HOME_NOT_FOUND', `${home} is not a directory`);
    return { name: names.user(stat.uid), uid: stat.uid, gid: stat.gid, home };
  } catch (error) {
    if (error instanceof InventoryError) throw error;
    throw new InventoryError(
      'INVENTORY_HOME_NOT_FOUND',
      `the home ${home} cannot be read (${systemCode(error)})`,
      {
        cause: error,
        hint: 'give an existing directory with --home',
      },
    );
  }
}

function isDirectory(path: string): boolean {
  try {
    return path.startsWith('/') && statSync(path).isDirectory();
  } catch {
    return false;
  }
}
