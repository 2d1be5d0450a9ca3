import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { AccountNames } from './closure/names.ts';
import { InventoryError, systemCode } from './errors.ts';

/** A user of the host whose clients are looked at. */
export interface HostUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The first uid of people; those below belong to services (login.defs(5), UID_MIN). */
const FIRST_PERSON_UID = 1_000;
/** The account that stands for nobody. */
const NOBODY_UID = 65_534;

/** Root sees every person of passwd(5) whose home exists, and itself; anyone else only itself. */
export function listHostUsers(passwdPath = '/etc/passwd'): readonly HostUser[] {
  const self = userInfo();
  const own: HostUser = { name: self.username, uid: self.uid, gid: self.gid, home: self.homedir };
  if (self.uid !== 0) return [own];
  let text = '';
  try {
    text = readFileSync(passwdPath, 'utf8');
  } catch {
    return [own];
  }
  const users = text.split('\n').flatMap((line): readonly HostUser[] => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    const user = { name, uid: Number(uid), gid: Number(gid), home };
    const isPerson = user.uid === 0 || (user.uid >= FIRST_PERSON_UID && user.uid !== NOBODY_UID);
    return name !== '' && uid !== '' && isPerson && isDirectory(home) ? [user] : [];
  });
  return users.length === 0 ? [own] : users;
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
