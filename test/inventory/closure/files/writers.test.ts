import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type AccessListReader,
  AccessLists,
  parsePosixLists,
  readPosixLists,
} from '../../../../inventory/closure/files/access-lists.ts';
import { AccountNames } from '../../../../inventory/closure/files/names.ts';
import { Writers } from '../../../../inventory/closure/files/writers.ts';
import { haveProgram } from '../../../debian-package.ts';
import { TempHome } from '../../temp-home.ts';

const NAMES = new AccountNames(
  'root:x:0:0::/:\nann:x:1001:1001::/:\nbob:x:1002:1002::/:\n',
  'ann:x:1001:\nbob:x:1002:\nstaff:x:50:ann,bob\n',
);
const ROOT_FILE = { uid: 0, gid: 0, mode: 0o100644 };

const MODES: readonly (readonly [what: string, rights: typeof ROOT_FILE, writers: readonly string[]])[] = [
  ['root alone', ROOT_FILE, []],
  ['its owner', { ...ROOT_FILE, uid: 1001 }, ['ann']],
  ['an owner who took the right from itself', { ...ROOT_FILE, uid: 1001, mode: 0o100444 }, ['ann']],
  ['a group of several', { uid: 0, gid: 50, mode: 0o100664 }, ['group:staff']],
  ["a user's own group", { uid: 0, gid: 1002, mode: 0o100664 }, ['bob']],
  ["root's group", { uid: 0, gid: 0, mode: 0o100664 }, []],
  ['everyone', { ...ROOT_FILE, mode: 0o100646 }, ['everyone']],
  ['an account without a name', { ...ROOT_FILE, uid: 4242 }, ['4242']],
];

for (const [what, rights, writers] of MODES) {
  test(`by mode a file is written by ${what}`, () => {
    assert.deepEqual(new Writers(NAMES).of(rights, []), writers);
  });
}

test('who may write a directory anywhere above can replace the file', (context) => {
  if (needsRoot(context)) return;
  using home = new TempHome();
  const file = home.write('open/inner/x', 'x');
  chmodSync(home.path, 0o755);
  assert.deepEqual(new Writers(NAMES).of(ROOT_FILE, [file]), []);
  chmodSync(join(home.path, 'open'), 0o777);
  assert.deepEqual(new Writers(NAMES).of(ROOT_FILE, [file]), ['everyone']);
  chmodSync(join(home.path, 'open'), 0o1777);
  assert.deepEqual(new Writers(NAMES).of(ROOT_FILE, [file]), [], 'a sticky directory protects its entries');
});

test('who may replace the link that names a file decides, too', (context) => {
  if (needsRoot(context)) return;
  using home = new TempHome();
  const file = home.write('safe/x', 'x');
  mkdirSync(join(home.path, 'open'));
  chmodSync(join(home.path, 'open'), 0o777);
  const link = join(home.path, 'open', 'link');
  symlinkSync(file, link);
  chmodSync(home.path, 0o755);
  assert.deepEqual(new Writers(NAMES).of(ROOT_FILE, [link, file]), ['everyone']);
});

const RECORDED = `# file: /srv/a
# owner: 0
# group: 0
user::rw-
user:1001:rw-
user:1002:r--
group::r--
group:50:rwx\t#effective:rw-
mask::rw-
other::r--

# file: /srv/masked
# owner: 0
# group: 50
user::rw-
user:1001:rwx\t#effective:r-x
group::rwx\t#effective:r-x
mask::r-x
other::r--

# file: /srv/new\\012user:1002:rw-\\\\s
# owner: 0
# group: 50
user::rw-
user:1001:r--
group::rw-
mask::rw-
other::r--

# file: /srv/defaults
# owner: 0
# group: 0
user::rwx
group::r-x
other::r-x
default:user::rwx
default:user:1002:rwx
default:group::rwx
default:mask::rwx
default:other::r-x

`;

test('access lists are read with their mask; defaults and line feeds in names grant nothing', () => {
  assert.deepEqual(
    [...parsePosixLists(RECORDED)],
    [
      ['/srv/a', { users: [1001], groups: [50], owningGroup: false }],
      ['/srv/masked', { users: [], groups: [], owningGroup: false }],
      ['/srv/new\nuser:1002:rw-\\s', { users: [], groups: [], owningGroup: true }],
    ],
  );
});

test('with an access list the group bits of the mode are its mask, not the group', async () => {
  using home = new TempHome();
  const file = home.write('x', 'x');
  const rights = { uid: 0, gid: 50, mode: 0o100664 };
  const list = { users: [1001], groups: [], owningGroup: false };
  const reader: AccessListReader = async () => new Map([[file, list]]);
  const lists = new AccessLists(new Map(), reader);
  const own = (writers: Writers) => writers.of(rights, [file]).filter((name) => name !== 'everyone');
  assert.ok(own(new Writers(NAMES, lists)).includes('group:staff'), 'before the list was read');
  assert.equal(await lists.readWanted(), true);
  const writers = own(new Writers(NAMES, lists));
  assert.deepEqual([writers.includes('ann'), writers.includes('group:staff')], [true, false]);
});

test('a list is read once, and again only when the file changed', async () => {
  using home = new TempHome();
  const file = home.write('x', 'x');
  const asked: string[] = [];
  const reader: AccessListReader = async (paths) => {
    asked.push(...paths);
    return new Map();
  };
  const known = new Map();
  for (const change of [() => {}, () => {}, () => chmodSync(file, 0o600)]) {
    change();
    const lists = new AccessLists(known, reader);
    lists.of(file);
    assert.equal(await lists.readWanted(), false);
  }
  assert.deepEqual(asked, [file, file]);
});

test('where lists cannot be read the reason is given, and the mode decides', async () => {
  using home = new TempHome();
  const file = home.write('x', 'x');
  const lists = new AccessLists(new Map(), async () => ({
    reason: 'access control lists were not read: why',
  }));
  assert.ok(new Writers(NAMES, lists).of({ uid: 1001, gid: 0, mode: 0o100644 }, [file]).includes('ann'));
  assert.equal(await lists.readWanted(), false);
  assert.equal(lists.unread, 'access control lists were not read: why');
});

test('a real access list on a file, a directory above it and inside a package is told', async (context) => {
  if (needsRoot(context) || needsSetfacl(context)) return;
  using home = new TempHome();
  chmodSync(home.path, 0o755);
  home.write('dir/server.mjs', '1');
  home.write('dir/node_modules/dep/package.json', '{"name":"dep","version":"1.0.0"}');
  home.write('dir/node_modules/dep/lib/index.js', '1');
  home.write('.cursor/mcp.json', {
    mcpServers: {
      own: { command: 'node', args: [`${home.path}/dir/server.mjs`] },
      dep: { command: 'node', args: [`${home.path}/dir/node_modules/dep/lib/index.js`] },
    },
  });
  const writersOf = async (role: string) => {
    const { servers } = await home.scan({ names: NAMES });
    const artefacts = servers.flatMap(({ server }) => server.closure.artefacts);
    return new Set(artefacts.filter((artefact) => artefact.role === role).flatMap((a) => a.writable_by));
  };
  const before = [...(await writersOf('script')), ...(await writersOf('package'))];
  assert.ok(!before.includes('ann') && !before.includes('bob'), before.join());
  execFileSync('setfacl', ['-m', 'u:1001:rw', `${home.path}/dir/node_modules/dep/lib/index.js`]);
  assert.ok((await writersOf('package')).has('ann'));
  execFileSync('setfacl', ['-m', 'u:1002:rwx', `${home.path}/dir`]);
  assert.ok((await writersOf('script')).has('bob'));
  assert.ok((await writersOf('package')).has('bob'));
});

test('getfacl is asked about paths of any spelling', async (context) => {
  if (needsRoot(context) || needsSetfacl(context)) return;
  using home = new TempHome();
  const names = ['-R', 'a b', 'new\nline', 'back\\slash', 'ünï'];
  const paths = names.map((name) => home.write(name, 'x'));
  for (const path of paths) execFileSync('setfacl', ['-m', 'u:1001:rw', '--', path]);
  const lists = await readPosixLists([...paths, join(home.path, 'gone')], false);
  assert.ok(!('reason' in lists), 'reason' in lists ? lists.reason : '');
  assert.deepEqual([...lists.keys()].sort(), [...paths].sort());
});

function needsRoot(context: TestContext): boolean {
  if (process.getuid?.() === 0) return false;
  context.skip('needs root: every file of another user would be named a writer');
  return true;
}

function needsSetfacl(context: TestContext): boolean {
  if (haveProgram('setfacl', 'acl')) return false;
  context.skip('setfacl could not be installed: access lists of this host were NOT tried (Debian: acl)');
  return true;
}
