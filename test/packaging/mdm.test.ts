import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type PlistValue, parse } from 'plist';
import { loadConfig, readEnrolmentSource } from '../../agent/index.ts';
import { stableUuid } from '../../packaging/mdm/identity.ts';
import { assertGolden } from '../inventory/clients/golden.ts';
import { TempDirectory } from '../temp-directory.ts';

const PROGRAM = fileURLToPath(new URL('../../packaging/mdm/main.ts', import.meta.url));
const GOLDEN = fileURLToPath(new URL('../golden/mdm', import.meta.url));
const TEAM = 'ABCDE12345';
const TOKEN = `swenrol_0123456789abcdef_${'s'.repeat(43)}.${'p'.repeat(43)}`;
const URL_OF_CENTRAL = ['--central-url', 'wss://central.example:7443'] as const;

function mdm(...words: readonly string[]) {
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
  return spawnSync(process.execPath, [...flags, PROGRAM, ...words], { encoding: 'utf8', timeout: 60_000 });
}

/** Runs the generator into a directory; answers the paths that it wrote, sorted. */
function write(directory: TempDirectory, ...words: readonly string[]): readonly string[] {
  const { status, stderr } = mdm('--out', directory.path, ...URL_OF_CENTRAL, ...words);
  assert.equal(status, 0, stderr);
  return filesBelow(directory.path);
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(directory, path)).isFile())
    .toSorted();
}

type Dictionary = { [key: string]: PlistValue };

function dictionary(value: PlistValue | undefined): Dictionary {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value));
  assert.ok(!(value instanceof Date) && !(value instanceof Uint8Array));
  return value;
}

function list(value: PlistValue | undefined): readonly PlistValue[] {
  assert.ok(Array.isArray(value));
  return value;
}

/** A profile, and its payloads by their type. */
function profileOf(text: string) {
  const profile = dictionary(parse(text));
  const payloads = list(profile['PayloadContent']).map(dictionary);
  const byType = new Map(payloads.map((payload) => [String(payload['PayloadType']), payload]));
  return { profile, payloads, payload: (type: string) => dictionary(byType.get(type)) };
}

test('what the generator writes is what the golden files hold', () => {
  using directory = new TempDirectory();
  const words = ['--team-id', TEAM, '--token', TOKEN, '--profile', 'production', '--group', 'engineering'];
  const written = write(directory, ...words);
  if (process.env['UPDATE_GOLDEN'] === '1') rmSync(GOLDEN, { recursive: true, force: true });
  for (const path of written) assertGolden(join(GOLDEN, path), directory.read(path));
  assert.deepEqual(written, filesBelow(GOLDEN));
});

test('every property list is read by a property list library', () => {
  for (const path of filesBelow(GOLDEN)) {
    if (path.endsWith('.conf')) continue;
    dictionary(parse(readFileSync(join(GOLDEN, path), 'utf8')));
  }
});

test('each profile and payload has an identity of its own, which stays', () => {
  const identities = filesBelow(GOLDEN)
    .filter((path) => path.endsWith('.mobileconfig'))
    .flatMap((path) => {
      const { profile, payloads } = profileOf(readFileSync(join(GOLDEN, path), 'utf8'));
      return [profile, ...payloads].map(
        ({ PayloadIdentifier: id, PayloadUUID: uuid }) => [id, uuid] as const,
      );
    });
  for (const [id, uuid] of identities) {
    assert.equal(uuid, stableUuid(String(id)));
    assert.match(String(uuid), /^[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  }
  assert.equal(new Set(identities.map(([, uuid]) => uuid)).size, identities.length);
});

test('nobody may remove a profile, and each counts for the whole Mac', () => {
  for (const path of filesBelow(GOLDEN).filter((name) => name.endsWith('.mobileconfig'))) {
    const { profile } = profileOf(readFileSync(join(GOLDEN, path), 'utf8'));
    assert.deepEqual(
      [profile['PayloadRemovalDisallowed'], profile['PayloadScope'], profile['PayloadType']],
      [true, 'System', 'Configuration'],
    );
  }
});

test('Full Disk Access is for the program of the launchd job alone, signed by the team', () => {
  const { payload } = profileOf(readFileSync(join(GOLDEN, 'profiles', 'sealwatch.mobileconfig'), 'utf8'));
  const services = dictionary(payload('com.apple.TCC.configuration-profile-policy')['Services']);
  const allowed = list(services['SystemPolicyAllFiles']).map(dictionary);
  const job = dictionary(parse(readFileSync(join(GOLDEN, 'launchd', 'dev.sealwatch.agent.plist'), 'utf8')));
  const [program] = list(job['ProgramArguments']);
  assert.deepEqual(Object.keys(services), ['SystemPolicyAllFiles']);
  assert.deepEqual(
    allowed.map(({ Identifier, IdentifierType, StaticCode, Authorization }) => ({
      Identifier,
      IdentifierType,
      StaticCode,
      Authorization,
    })),
    [{ Identifier: program, IdentifierType: 'path', StaticCode: false, Authorization: 'Allow' }],
  );
  const requirement = String(allowed[0]?.['CodeRequirement']);
  assert.match(requirement, /^identifier "dev\.sealwatch\.agent" and anchor apple generic and /);
  assert.match(requirement, /certificate leaf\[subject\.OU\] = "ABCDE12345"$/);
});

test('background items are held to the team, and cover the label of each job', () => {
  const { payload } = profileOf(readFileSync(join(GOLDEN, 'profiles', 'sealwatch.mobileconfig'), 'utf8'));
  const rules = list(payload('com.apple.servicemanagement')['Rules']).map(dictionary);
  const byLabel = rules.filter(({ RuleType }) => RuleType === 'LabelPrefix');
  assert.deepEqual(
    rules.filter(({ RuleType }) => RuleType === 'TeamIdentifier').map(({ RuleValue }) => RuleValue),
    [TEAM],
  );
  assert.deepEqual(
    byLabel.map(({ TeamIdentifier }) => TeamIdentifier),
    [TEAM],
  );
  for (const path of filesBelow(join(GOLDEN, 'launchd')).filter((name) => name.endsWith('.plist'))) {
    const job = dictionary(parse(readFileSync(join(GOLDEN, 'launchd', path), 'utf8')));
    assert.ok(String(job['Label']).startsWith(String(byLabel[0]?.['RuleValue'])));
    assert.equal(`${String(job['Label'])}.plist`, path);
  }
});

test('launchd keeps each job running, out of what only root can write', () => {
  for (const path of filesBelow(join(GOLDEN, 'launchd')).filter((name) => name.endsWith('.plist'))) {
    const job = dictionary(parse(readFileSync(join(GOLDEN, 'launchd', path), 'utf8')));
    const words = list(job['ProgramArguments']).map(String);
    assert.deepEqual(
      [job['KeepAlive'], job['RunAtLoad'], job['WorkingDirectory']],
      [true, true, '/Library/Sealwatch'],
    );
    const files = words.filter((word) => word.startsWith('/') && !word.endsWith('.yml'));
    assert.ok(files.length >= 2);
    for (const file of files) assert.ok(file.startsWith('/Library/Sealwatch/'), file);
    assert.equal(job['UserName'], path.includes('central') ? '_sealwatch' : undefined);
    const rotation = readFileSync(join(GOLDEN, 'launchd', 'newsyslog.d', 'sealwatch.conf'), 'utf8');
    assert.ok(rotation.includes(`${String(job['StandardErrorPath'])}\t`), 'its log is not rotated');
  }
});

test('the agent takes the settings of the profile, its token among them', async () => {
  using directory = new TempDirectory();
  const { payload } = profileOf(
    readFileSync(join(GOLDEN, 'profiles', 'sealwatch-settings.mobileconfig'), 'utf8'),
  );
  const content = dictionary(payload('com.apple.ManagedClient.preferences')['PayloadContent']);
  const [forced] = list(dictionary(content['dev.sealwatch.agent'])['Forced']).map(dictionary);
  const bare = readFileSync(join(GOLDEN, 'preferences', 'dev.sealwatch.agent.plist'), 'utf8');
  assert.deepEqual(forced?.['mcx_preference_settings'], parse(bare));
  const managed = directory.write('managed.plist', bare);
  const file = directory.write('agent.yml', 'state_dir: /var/db/sealwatch\nprofile: developer\n');
  const { central, profile, group } = loadConfig(file, managed);
  assert.deepEqual(
    [central.url, profile, group],
    ['wss://central.example:7443', 'production', 'engineering'],
  );
  assert.equal(await readEnrolmentSource(directory.at('none'), managed), TOKEN);
});

test('a settings file goes into the profile, and what the command says goes over it', () => {
  using directory = new TempDirectory();
  const settings = directory.write(
    'site.yml',
    'central: {url: "wss://other:1", token_file: /run/token}\nroots: [/srv]\nprofile: developer\n',
  );
  write(directory, '--settings', settings, '--profile', 'production');
  assert.deepEqual(parse(directory.read('preferences', 'dev.sealwatch.agent.plist')), {
    central: { url: 'wss://central.example:7443', token_file: '/run/token' },
    roots: ['/srv'],
    profile: 'production',
  });
});

test('without a team nothing is allowed to programs of anybody', () => {
  using directory = new TempDirectory();
  const names = write(directory).filter((path) => path.endsWith('.mobileconfig'));
  assert.deepEqual(names, ['profiles/sealwatch-settings.mobileconfig', 'profiles/sealwatch.mobileconfig']);
  const { payloads } = profileOf(directory.read('profiles', 'sealwatch.mobileconfig'));
  assert.deepEqual(
    payloads.map(({ PayloadType }) => PayloadType),
    ['com.apple.ManagedClient.preferences'],
  );
});

test('files with a token are for their owner alone', () => {
  using directory = new TempDirectory();
  const token = directory.write('token', `${TOKEN}\n`, 0o600);
  const secret = write(directory, '--team-id', TEAM, '--token-file', token).filter(
    (path) => path !== 'token' && (statSync(directory.at(path)).mode & 0o077) === 0,
  );
  assert.deepEqual(secret, [
    'preferences/dev.sealwatch.agent.plist',
    'profiles/sealwatch-settings.mobileconfig',
    'profiles/sealwatch.mobileconfig',
  ]);
  for (const path of filesBelow(directory.path)) {
    const holds = directory.read(path).includes(TOKEN);
    assert.equal(holds, path === 'token' || secret.includes(path), path);
  }
});

test('what the agent would refuse is not written', () => {
  using directory = new TempDirectory();
  const extra = directory.write('extra.yml', 'no_such_setting: 1\n');
  const calls: readonly (readonly [RegExp, ...string[]])[] = [
    [/profile[\s\S]*central\.url/, '--central-url', 'https://central.example', '--profile', 'loud'],
    [/no_such_setting/, ...URL_OF_CENTRAL, '--settings', extra],
    [/team/, ...URL_OF_CENTRAL, '--team-id', 'abc'],
  ];
  for (const [fault, ...words] of calls) {
    const { status, stderr } = mdm('--out', directory.at('out'), ...words);
    assert.equal(status, 2, words.join(' '));
    assert.match(stderr.slice(0, stderr.indexOf('npm run')), fault);
  }
  assert.deepEqual(filesBelow(directory.path), ['extra.yml']);
});
