import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  approvedEnvironment,
  type EnvironmentSources,
} from '../../../guard/environment/approved-environment.ts';
import { TempDirectory } from '../../temp-directory.ts';

const BASE = [
  ...['HOME', 'LOGNAME', 'USER', 'PATH', 'SHELL', 'TERM', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_CTYPE', 'TZ'],
  ...['TMPDIR', 'TMP', 'TEMP', 'PWD', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', '__CF_USER_TEXT_ENCODING'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
];
const LOADERS = [
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'LD_ANYTHING', 'DYLD_INSERT_LIBRARIES', 'DYLD_ANYTHING'],
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP'],
  ...['PYTHONINSPECT', 'RUBYOPT', 'RUBYLIB', 'PERL5OPT', 'PERL5LIB', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS'],
  ...['BASH_ENV', 'ENV', 'ZDOTDIR', 'GCONV_PATH', 'BASH_FUNC_ls%%', 'LUA_INIT_5_4', 'GIT_CONFIG_COUNT'],
  ...['npm_config_registry', 'NPM_CONFIG_NODE_OPTIONS', 'npm_config_@x:registry', 'npm_config_script_shell'],
  ...['pnpm_config_registry', 'UV_INDEX', 'UV_INDEX_URL', 'PIP_INDEX_URL', 'BUN_OPTIONS', 'DENO_DIR'],
];
const OTHERS = [
  ...['GITHUB_TOKEN', 'EDITOR', 'DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'SSH_AUTH_SOCK'],
  ...['NODE_ENV', 'UV_THREADPOOL_SIZE', 'PYTHONUNBUFFERED', '__proto__', 'constructor'],
];

/** Names that a server gets out of an environment in which each name is its own value. */
function approve(names: readonly string[], told: Partial<EnvironmentSources> = {}) {
  const { env, dropped } = approvedEnvironment({
    inherited: Object.fromEntries(names.map((name) => [name, name])),
    entryNames: [],
    policyNames: null,
    secrets: new Map(),
    profile: 'production',
    isSystems: () => false,
    ...told,
  });
  return { names: Object.keys(env), env, dropped };
}

test('every server gets the base names, and nothing is said of them', () => {
  for (const profile of ['production', 'developer'] as const)
    for (const policyNames of [null, ['OTHER']]) {
      const { names, dropped } = approve(BASE, { profile, policyNames });
      assert.deepEqual(names, BASE);
      assert.deepEqual(dropped, []);
    }
});

test('a loader variable needs the entry or the policy in both profiles', () => {
  for (const profile of ['production', 'developer'] as const) {
    const { names, dropped } = approve(LOADERS, { profile });
    assert.deepEqual(names, []);
    assert.deepEqual(
      dropped,
      LOADERS.map((name) => ({ name, why: 'loader' })),
    );
    assert.deepEqual(approve(LOADERS, { profile, entryNames: LOADERS }).names, LOADERS);
    assert.deepEqual(approve(LOADERS, { profile, policyNames: LOADERS }).names, LOADERS);
  }
});

test('production hands on no other name that nobody approved', () => {
  const { names, dropped } = approve(OTHERS);
  assert.deepEqual(names, []);
  assert.deepEqual(
    dropped,
    OTHERS.map((name) => ({ name, why: 'not approved' })),
  );
  assert.deepEqual(approve(OTHERS, { entryNames: ['EDITOR'], policyNames: ['NODE_ENV'] }).names, [
    'EDITOR',
    'NODE_ENV',
  ]);
});

test('the developer profile hands on other names until the policy has a list', () => {
  assert.deepEqual(approve(OTHERS, { profile: 'developer' }).names, OTHERS);
  assert.deepEqual(approve([...OTHERS, 'HOME'], { profile: 'developer', policyNames: [] }).names, ['HOME']);
  const listed = approve([...OTHERS, 'HOME'], {
    profile: 'developer',
    policyNames: ['NODE_ENV'],
    entryNames: ['EDITOR'],
  });
  assert.deepEqual(listed.names, ['EDITOR', 'NODE_ENV', 'HOME']);
});

test('names are told apart by their case, except those of npm, which reads any', () => {
  assert.deepEqual(approve(['Path', 'home', 'Lc_all'], { policyNames: ['path', 'HOME'] }).names, []);
  const odd = ['ld_preload', 'node_options', 'Npm_Config_Registry', 'uv_index'];
  assert.deepEqual(approve(odd, { profile: 'developer' }).dropped, [
    { name: 'Npm_Config_Registry', why: 'loader' },
  ]);
});

test('a name or value that no environment can hold is dropped, whoever approved it', () => {
  const odd = ['', 'A=B', 'A\0B', 'LD_PRELOAD=x'];
  for (const profile of ['production', 'developer'] as const)
    assert.deepEqual(
      approve(odd, { profile, entryNames: odd, policyNames: odd }).dropped,
      odd.map((name) => ({ name, why: 'not approved' })),
    );
  const { env, dropped } = approve([], { inherited: { HOME: '/h\0LD_PRELOAD=/x', USER: undefined } });
  assert.deepEqual([env, dropped], [{}, [{ name: 'HOME', why: 'not approved' }]]);
});

test('what the guard provides comes in place of what is inherited', () => {
  const secrets = new Map([
    ['API_KEY', 'fetched'],
    ['TOKEN_FILE', '/run/token'],
  ]);
  const { env, dropped } = approve(['API_KEY', 'HOME'], { secrets });
  assert.deepEqual(env, { HOME: 'HOME', API_KEY: 'fetched', TOKEN_FILE: '/run/token' });
  assert.deepEqual(dropped, []);
});

test('certificates are taken from the environment where all of them are the system’s own', () => {
  const isSystems = (path: string) => path.startsWith('/etc/');
  const inherited = {
    SSL_CERT_FILE: '/etc/ssl/ca.pem',
    SSL_CERT_DIR: '/etc/ssl/certs:/home/u/certs',
    NODE_EXTRA_CA_CERTS: '/home/u/project/ca.pem',
    CURL_CA_BUNDLE: '',
  };
  assert.deepEqual(approve([], { inherited, isSystems }).names, ['SSL_CERT_FILE']);
  assert.deepEqual(approve([], { inherited, isSystems, profile: 'developer' }).names, Object.keys(inherited));
});

test('a certificate file that is not there, relative or writable by others is not the system’s', () => {
  using directory = new TempDirectory();
  const values = [directory.at('none'), 'etc/passwd', directory.write('ca.pem', 'x', 0o666)];
  for (const SSL_CERT_FILE of values) {
    const sources = { entryNames: [], policyNames: null, secrets: new Map() };
    const { env } = approvedEnvironment({
      ...sources,
      inherited: { SSL_CERT_FILE },
      profile: 'production',
    });
    assert.deepEqual(env, {}, SSL_CERT_FILE);
  }
  const { env } = approvedEnvironment({
    inherited: { SSL_CERT_FILE: '/etc/passwd' },
    entryNames: [],
    policyNames: null,
    secrets: new Map(),
    profile: 'production',
  });
  assert.deepEqual(env, { SSL_CERT_FILE: '/etc/passwd' });
});

test('ten thousand variables are sorted out whole', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `${index % 2 ? 'LD_' : 'X'}${index}`);
  const { names, dropped } = approve(many, { profile: 'developer' });
  assert.equal(names.length, 5_000);
  assert.equal(dropped.length, 5_000);
});

test('every variable that the kernel sensor watches, and every one of the rules, is a loader’s here', () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const [, list = ''] =
    /loaders\[\] = \{([^}]+)\}/.exec(read('collectors/process/ebpf/sensor/environment.c')) ?? [];
  const watched = [...list.matchAll(/"(\w+)"/g)].map(([, name = '']) => name);
  const ruled = [...read('rules/mcp/mcp_loader_variable_added.yml').matchAll(/^ {6}- (\w+)$/gm)];
  const names = [...new Set([...watched, ...ruled.map(([, name = '']) => name)])];
  assert.ok(watched.length > 20 && ruled.length > 20);
  assert.deepEqual(
    approve(names, { profile: 'developer' }).dropped.map(({ name }) => name),
    names,
  );
});
