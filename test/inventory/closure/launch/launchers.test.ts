// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of configs, not templates
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { HashCache } from '../../../../inventory/index.ts';
import { TempHome } from '../../temp-home.ts';
import { describeClosure, scanEntry } from '../closures.ts';

/** A host with a project of every kind and the caches of the package runners. */
function layOut(home: TempHome): void {
  for (const name of [
    'npx',
    'npm',
    'pnpm',
    'pnpx',
    'yarn',
    'bunx',
    'uvx',
    'uv',
    'pipx',
    'deno',
    'bun',
    'tsx',
  ])
    program(name);
  for (const name of ['docker', 'podman', 'java', 'dotnet', 'go', 'cargo', 'op', 'mise', 'nix', 'poetry'])
    program(name);
  for (const name of [
    'timeout',
    'sudo',
    'nice',
    'zsh',
    'nohup',
    'cmd.exe',
    'powershell',
    'dotenv',
    'python3',
    'plain',
  ])
    program(name);
  home.write('p/package.json', { name: 'p', scripts: { start: 'node ./srv.mjs', mcp: 'tool --x' } });
  home.write('p/srv.mjs', "import './sibling.mjs';\nimport { a } from 'lib-a/sub';\n");
  home.write('p/sibling.mjs', '');
  home.write('p/srv.ts', "import './other.js';\nimport type { T } from 'only-types';\n");
  home.write('p/other.ts', '');
  home.write('p/.env.mcp', 'A=1');
  npmPackage('p/node_modules/lib-a', 'lib-a', '1.0.0', { 'lib-b': '1' });
  npmPackage('p/node_modules/lib-b', 'lib-b', '1.0.0', {});
  npmPackage('p/node_modules/tool', 'tool', '2.0.0', { 'lib-b': '1' });
  home.write('p/node_modules/tool/cli.js', '#!/usr/bin/env node\n', 0o755);
  mkdirSync(join(home.path, 'p/node_modules/.bin'));
  symlinkSync('../tool/cli.js', join(home.path, 'p/node_modules/.bin/tool'));
  npmPackage(`.npm/_npx/${npxKey('@x/srv')}/node_modules/@x/srv`, '@x/srv', '1.0.0', {});
  npmPackage(`.npm/_npx/${npxKey('@x/srv')}/node_modules/hoisted`, 'hoisted', '1.0.0', {});
  npmPackage(`.npm/_npx/${npxKey('aa\nzz@1')}/node_modules/zz`, 'zz', '1.0.0', {});
  npmPackage(`.npm/_npx/${npxKey('aa\nzz@1')}/node_modules/aa`, 'aa', '1.0.0', {});
  npmPackage('.npm-global/lib/node_modules/global-srv', 'global-srv', '3.0.0', { dep: '1' });
  npmPackage('.npm-global/lib/node_modules/dep', 'dep', '3.0.0', {});
  npmPackage('.cache/pnpm/dlx/k1/pkg/node_modules/dlx-srv', 'dlx-srv', '1.0.0', {});
  npmPackage('system/tmp/bunx-1000-bun-srv@latest/node_modules/bun-srv', 'bun-srv', '1.0.0', {});
  environment('py/.venv', ['dep']);
  home.write('py/pyproject.toml', '');
  home.write('py/uv.lock', '');
  home.write('py/srv.py', 'import dep\nimport local\nimport os\n');
  home.write('py/local.py', '');
  home.write('py/.venv/bin/py-srv', `#!/usr/bin/env python3\n`, 0o755);
  home.write('py/.venv/bin/python', '', 0o755);
  home.write('inline/one.py', '# /// script\n# dependencies = ["x"]\n# ///\nimport x\n');
  home.write('inline/one.py.lock', '');
  environment('.cache/uv/environments-v2/one-0123456789abcdef', ['x']);
  environment('.local/share/uv/tools/uv-tool', ['uv_tool']);
  environment('.cache/uv/archive-v0/AbC', ['cached_tool']);
  environment('.local/pipx/.cache/1234', ['pipx_tool']);
  distribution('system/usr/lib/python3/dist-packages', 'sysmod', [
    'sysdep>=1; python_version > "3"',
    'no; extra == "t"',
  ]);
  distribution('system/usr/lib/python3/dist-packages', 'sysdep', []);
  distribution('system/usr/lib/python3/dist-packages', 'unrelated', []);
  home.write('system/var/lib/docker/image/overlay2/repositories.json', {
    Repositories: { 'mcp/local': { 'mcp/local:latest': `sha256:${'ab'.repeat(32)}` } },
  });
  home.write('.local/share/containers/storage/overlay-images/images.json', [
    { names: ['quay.io/mcp/pod:1'], digest: `sha256:${'cd'.repeat(32)}` },
  ]);
  home.write('deno/deno.json', { imports: { mapped: './m.ts', viaNpm: 'npm:lib-a@1', far: 'jsr:@a/b' } });
  home.write('deno/srv.ts', "import 'mapped';\nimport 'far';\nimport 'viaNpm';\n");
  home.write('deno/m.ts', '');
  npmPackage('deno/node_modules/lib-a', 'lib-a', '1.0.0', {});
  home.write('jar/app.jar', 'x');
  home.write('jar/extra.jar', 'x');
  home.write('net/app.dll', 'x');
  home.write('net/app.deps.json', {});
  home.write('go/go.mod', '');
  home.write('run.ps1', '');

  function program(name: string): void {
    home.write(`bin/${name}`, '', 0o755);
  }
  function npmPackage(path: string, name: string, version: string, dependencies: object): void {
    home.write(`${path}/package.json`, { name, version, dependencies });
    home.write(`${path}/index.js`, '');
  }
  function distribution(site: string, name: string, requires: readonly string[]): void {
    home.write(`${site}/${name}/__init__.py`, '');
    home.write(
      `${site}/${name}-1.0.dist-info/METADATA`,
      requires.map((line) => `Requires-Dist: ${line}\n`).join(''),
    );
    home.write(`${site}/${name}-1.0.dist-info/RECORD`, `${name}/__init__.py,,\n`);
  }
  function environment(path: string, modules: readonly string[]): void {
    home.write(`${path}/pyvenv.cfg`, 'home = /usr/bin\n');
    for (const name of modules) distribution(`${path}/lib/python3.12/site-packages`, name, []);
  }
}

function npxKey(text: string): string {
  return createHash('sha512').update(text).digest('hex').slice(0, 16);
}

const NOT_INSTALLED = '(package is not installed here; it is fetched when the server starts)';
const NO_PYTHON_PACKAGE = '(python package is not installed here; it is fetched when the server starts)';
const PROJECT = [
  'helper ~/p/sibling.mjs',
  'lockfile ~/p/package.json',
  'package ${package}/lib-a',
  'package ${package}/lib-b',
] as const;
const SERVER = [...PROJECT, 'script ~/p/srv.mjs'] as const;
const NESTED = [
  'helper ~/p/sibling.mjs',
  'helper ~/p/srv.mjs',
  'lockfile ~/p/package.json',
  'package ${package}/lib-a',
  'package ${package}/lib-b',
];
const VENV = ['helper ~/py/.venv/pyvenv.cfg', 'package ${package}/.venv/python3.12'] as const;
const PY_LOCKS = ['lockfile ~/py/pyproject.toml', 'lockfile ~/py/uv.lock'] as const;
const IMAGE = `x/y@sha256:${'ef'.repeat(32)}`;

/** A command line, split at blanks unless given as words, its directory, and all that it must bring. */
const CASES: readonly (readonly [
  line: string | readonly string[],
  cwd: string,
  expected: readonly string[],
])[] = [
  ['node srv.mjs', 'p', SERVER],
  ['bun run srv.mjs', 'p', SERVER],
  ['tsx srv.ts', 'p', ['helper ~/p/other.ts', 'lockfile ~/p/package.json', 'script ~/p/srv.ts']],
  [
    'npx -y tsx srv.ts',
    'p',
    [
      'helper ~/p/other.ts',
      'lockfile ~/p/package.json',
      'script ~/p/srv.ts',
      `unresolved tsx ${NOT_INSTALLED}`,
    ],
  ],
  ['npx -y @x/srv', '', ['package ${package}/@x/srv']],
  ['npm exec -y -- @x/srv', '', ['package ${package}/@x/srv']],
  ['npm x --yes @x/srv', '', ['package ${package}/@x/srv']],
  ['npx -p zz@1 -p aa zz', '', ['package ${package}/zz']],
  ['npx tool', 'p', ['package ${package}/lib-b', 'package ${package}/tool']],
  ['npx tool@9.9.9', 'p', [`unresolved tool@9.9.9 ${NOT_INSTALLED}`]],
  [
    'npx github:a/b',
    'p',
    ['unresolved github:a/b (package is no name of a registry; it is fetched when the server starts)'],
  ],
  ['npx global-srv', '', ['package ${package}/dep', 'package ${package}/global-srv']],
  ['pnpm dlx dlx-srv', '', ['package ${package}/dlx-srv']],
  ['pnpx gone', '', [`unresolved gone ${NOT_INSTALLED}`]],
  ['pnpm exec tool', 'p', ['package ${package}/lib-b', 'package ${package}/tool']],
  ['pnpm exec gone', 'p', ['unresolved gone (command is not installed in the project)']],
  ['yarn dlx gone', '', ['unresolved gone (yarn fetches it into a directory of its own at every start)']],
  ['bunx bun-srv', '', ['package ${package}/bun-srv']],
  ['bun x bun-srv', '', ['package ${package}/bun-srv']],
  ['npm start', 'p', NESTED],
  [
    'npm --prefix p run mcp',
    '',
    [
      'helper ~/p/node_modules/tool/cli.js',
      'lockfile ~/p/package.json',
      'package ${package}/lib-b',
      'package ${package}/tool',
    ],
  ],
  [
    'npm run gone',
    'p',
    ['lockfile ~/p/package.json', 'unresolved gone (package.json holds no script of this name)'],
  ],
  [
    'uvx uv-tool --x',
    '',
    ['helper ~/.local/share/uv/tools/uv-tool/pyvenv.cfg', 'package ${package}/uv-tool/python3.12'],
  ],
  [
    'uv tool run uv-tool==1.0',
    '',
    ['helper ~/.local/share/uv/tools/uv-tool/pyvenv.cfg', 'package ${package}/uv-tool/python3.12'],
  ],
  [
    'uvx --from cached-tool other',
    '',
    ['helper ~/.cache/uv/archive-v0/AbC/pyvenv.cfg', 'package ${package}/cached-tool/python3.12'],
  ],
  ['uvx uv-tool@2.0', '', [`unresolved uv-tool@2.0 ${NO_PYTHON_PACKAGE}`]],
  [
    'pipx run pipx-tool',
    '',
    ['helper ~/.local/pipx/.cache/1234/pyvenv.cfg', 'package ${package}/pipx-tool/python3.12'],
  ],
  ['uv run srv.py', 'py', ['helper ~/py/local.py', ...VENV, ...PY_LOCKS, 'script ~/py/srv.py']],
  ['uv --directory py run srv.py', '', ['helper ~/py/local.py', ...VENV, ...PY_LOCKS, 'script ~/py/srv.py']],
  [
    'uv run --project py --with more py-srv',
    '',
    [
      'executable ~/py/.venv/bin/py-srv',
      ...VENV,
      ...PY_LOCKS,
      'unresolved more (added to the environment when the server starts)',
    ],
  ],
  ['uv run -m dep', 'py', [...VENV, ...PY_LOCKS]],
  ['poetry run py-srv', 'py', ['executable ~/py/.venv/bin/py-srv', ...VENV, ...PY_LOCKS]],
  [
    'uv run --script inline/one.py',
    '',
    [
      'helper ~/.cache/uv/environments-v2/one-0123456789abcdef/pyvenv.cfg',
      'lockfile ~/inline/one.py.lock',
      'package ${package}/one/python3.12',
      'script ~/inline/one.py',
    ],
  ],
  [
    'uv run gone',
    'p',
    [
      'lockfile ~/p/package.json',
      'unresolved .venv (the environment of the project is not here; it is made when the server starts)',
      'unresolved gone (command is not found in the environment of the project)',
    ],
  ],
  ['.venv/bin/python srv.py', 'py', ['helper ~/py/local.py', ...VENV, ...PY_LOCKS, 'script ~/py/srv.py']],
  ['.venv/bin/python -m dep', 'py', [...VENV]],
  ['python3 -m sysmod', '', ['package ${package}/sysdep', 'package ${package}/sysmod']],
  ['python3 -m local', 'py', [...PY_LOCKS, 'script ~/py/local.py']],
  [
    'python3 -m gone',
    '',
    ['unresolved gone (python module is not found in the working directory or among the packages)'],
  ],
  [
    'python3 srv.py',
    'py',
    [
      'helper ~/py/local.py',
      ...PY_LOCKS,
      'script ~/py/srv.py',
      'unresolved dep (imported python module is not found)',
    ],
  ],
  [
    `docker run -i --rm -e A=1 -v ${'~'}/p/.env.mcp:/e:ro ${IMAGE} serve`,
    '',
    ['helper ~/p/.env.mcp', `image ${IMAGE}`],
  ],
  [
    'docker run --env-file p/.env.mcp --pull always mcp/local',
    '',
    ['env-file ~/p/.env.mcp', 'image mcp/local'],
  ],
  ['podman container run quay.io/mcp/pod:1', '', ['image quay.io/mcp/pod:1']],
  [
    'docker run mcp/gone',
    '',
    ['unresolved mcp/gone (image is not pinned by digest and no local engine tells its digest)'],
  ],
  [
    'docker exec -i box node',
    '',
    ['unresolved exec box (a container that was made before is not looked into)'],
  ],
  ['docker compose run svc', '', ['unresolved svc (image of a compose service is not looked up)']],
  [
    'docker mcp gateway run',
    '',
    ['unresolved docker mcp (the gateway starts containers of its own, which are not looked into)'],
  ],
  [
    'deno run -A --config deno.json srv.ts',
    'deno',
    [
      'helper ~/deno/deno.json',
      'helper ~/deno/m.ts',
      'package ${package}/lib-a',
      'script ~/deno/srv.ts',
      'unresolved far (imported module is fetched when the server starts)',
    ],
  ],
  ['deno run -A npm:lib-a', 'deno', ['package ${package}/lib-a']],
  ['deno run jsr:@a/b', '', ['unresolved jsr:@a/b (module is fetched when the server starts)']],
  ['java -cp jar/extra.jar -jar jar/app.jar', '', ['helper ~/jar/extra.jar', 'script ~/jar/app.jar']],
  [
    'dotnet net/app.dll',
    '',
    ['helper ~/net/app.deps.json', 'package ${package}/net', 'script ~/net/app.dll'],
  ],
  [
    'go run .',
    'go',
    ['lockfile ~/go/go.mod', 'unresolved . (program is built from its sources when the server starts)'],
  ],
  ['cargo run', '', ['unresolved cargo run (program is built from its sources when the server starts)']],
  [['sh', '-c', 'cd p && exec node srv.mjs | cat'], '', NESTED],
  [['bash', '-l', '-c', 'FOO=1 timeout 5 node srv.mjs; true'], 'p', ['helper ~/bin/timeout', ...NESTED]],
  [['zsh', '-ic', 'npx -y @x/srv'], '', ['helper ~/bin/npx', 'package ${package}/@x/srv']],
  ['cmd.exe /c npx -y @x/srv', '', ['executable ~/bin/npx', 'package ${package}/@x/srv']],
  ['cmd.exe /d /s /C node srv.mjs', 'p', SERVER],
  [
    'powershell -File run.ps1',
    '',
    ['script ~/run.ps1', 'unresolved run.ps1 (powershell scripts are not searched for what they run)'],
  ],
  [['powershell', '-Command', '& node srv.mjs'], 'p', NESTED],
  ['env -i -u X A=1 node srv.mjs', 'p', SERVER],
  [['env', '-S', 'A=1 node srv.mjs'], 'p', SERVER],
  [
    'nice -n 5 nohup timeout -k 1 30 sudo -u me node srv.mjs',
    'p',
    ['executable ~/bin/nohup', 'executable ~/bin/sudo', 'executable ~/bin/timeout', ...SERVER],
  ],
  ['mise exec node@20 -- node srv.mjs', 'p', SERVER],
  [
    'op run --env-file p/.env.mcp -- npx -y @x/srv',
    '',
    ['env-file ~/p/.env.mcp', 'executable ~/bin/npx', 'package ${package}/@x/srv'],
  ],
  [
    'dotenv -e p/.env.mcp -- npx -y @x/srv',
    '',
    ['env-file ~/p/.env.mcp', 'executable ~/bin/npx', 'package ${package}/@x/srv'],
  ],
  ['nix run nixpkgs#x', '', ['unresolved nix run (nix builds or fetches what it runs)']],
  [
    ['sh', '-c', 'plain a | cat; gone; f() { :; }; f; "$UNKNOWN" p/srv.mjs'],
    '',
    [
      'helper ~/bin/plain',
      ...NESTED.filter((text) => !text.startsWith('lockfile')),
      'unresolved $UNKNOWN (executable not found)',
      'unresolved gone (executable not found)',
    ],
  ],
  [
    ['sh', '-c', 'NODE_OPTIONS="--require lib-a --import ./sibling.mjs" exec -a x node other.ts'],
    'p',
    [
      'helper ~/p/other.ts',
      'helper ~/p/sibling.mjs',
      'lockfile ~/p/package.json',
      'package ${package}/lib-a',
      'package ${package}/lib-b',
    ],
  ],
  [['sh', '-c', 'sudo -u me node srv.mjs'], 'p', ['helper ~/bin/sudo', ...NESTED]],
  [
    ['node', '-e', 'require("lib-a"); import("./other.ts")'],
    'p',
    ['helper ~/p/other.ts', 'package ${package}/lib-a', 'package ${package}/lib-b'],
  ],
  [['python3', '-c', 'import local; local.run()'], 'py', ['helper ~/py/local.py']],
  ['bun run start', 'p', NESTED],
  [
    'pnpm tool --x',
    'p',
    [
      'executable ~/p/node_modules/tool/cli.js',
      'lockfile ~/p/package.json',
      'package ${package}/lib-b',
      'package ${package}/tool',
    ],
  ],
  ['gone --x', '', ['unresolved gone (executable not found)']],
  ['node gone.mjs', 'p', ['unresolved ~/p/gone.mjs (script cannot be read: ENOENT)']],
  ['plain --config=p/.env.mcp', '', ['helper ~/p/.env.mcp']],
];

test('every launcher is followed to what it runs, and what is not here says why', async () => {
  using home = new TempHome();
  layOut(home);
  const failures: string[] = [];
  const cache = new HashCache();
  for (const [line, cwd, expected] of CASES) {
    const [command = '', ...args] = typeof line === 'string' ? line.split(' ') : line;
    const entry = {
      command,
      args: args.map((arg) => arg.replace(/^~(?=\/)/, home.path)),
      cwd: join(home.path, cwd),
    };
    const found = describeClosure(await scanEntry(home, entry, { cache })).filter(
      (text) =>
        !text.startsWith('config ') &&
        text !== `executable ~/bin/${command}` &&
        text !== `interpreter ~/bin/${command}`,
    );
    try {
      assert.deepEqual(
        found.filter((text) => !text.startsWith('interpreter ')),
        [...expected].sort(),
      );
    } catch (error) {
      failures.push(
        `${entry.command} ${entry.args.join(' ')}: ${error instanceof Error ? error.message : ''}`,
      );
    }
  }
  assert.deepEqual(failures, []);
});

test('a multi-word env shebang names the interpreter and its preloads', async () => {
  using home = new TempHome();
  home.write('srv', '#!/usr/bin/env -S node --import ./pre.mjs\n', 0o755);
  home.write('pre.mjs', '');
  home.write('bin/srv-link', '');
  symlinkSync('../srv', join(home.path, 'bin/linked'));
  const found = await scanEntry(home, { command: 'linked' });
  assert.deepEqual(
    describeClosure(found).filter((text) => text.includes('~/') && !text.startsWith('config')),
    ['executable ~/srv', 'helper ~/pre.mjs'],
  );
  assert.ok(
    found.server.closure.artefacts.some(
      ({ role, path }) => role === 'interpreter' && path === process.execPath,
    ),
  );
});

test('what a server is given after its launcher is known', async () => {
  using home = new TempHome();
  layOut(home);
  const launchOf = async (line: string) => {
    const [command = '', ...args] = line.split(' ');
    const { launch } = await scanEntry(home, { command, args });
    return [launch?.launcher, launch?.package, launch?.server_args.join(' ')];
  };
  assert.deepEqual(await launchOf('cmd.exe /c npx -y @x/srv --port 1'), ['shell', '@x/srv', '--port 1']);
  assert.deepEqual(await launchOf('uv tool run uv-tool a'), ['uvx', 'uv-tool', 'a']);
  assert.deepEqual(await launchOf('timeout 5 npx @x/srv b'), ['env', '@x/srv', 'b']);
  assert.deepEqual(await launchOf('docker container run -i mcp/local c'), ['docker', 'mcp/local', 'c']);
});

test('a pnpm layout is followed through its links, two versions of one name are two artefacts', async () => {
  using home = new TempHome();
  const store = (entry: string, name: string, version: string, dependencies: object) =>
    home.write(`p/node_modules/.pnpm/${entry}/node_modules/${name}/package.json`, {
      name,
      version,
      dependencies,
    });
  const link = (target: string, path: string) => {
    mkdirSync(dirname(join(home.path, path)), { recursive: true });
    symlinkSync(target, join(home.path, path));
  };
  store('a@1.0.0', 'a', '1.0.0', { b: '1' });
  store('b@1.0.0', 'b', '1.0.0', {});
  store('b@2.0.0', 'b', '2.0.0', { gone: '1' });
  link('.pnpm/a@1.0.0/node_modules/a', 'p/node_modules/a');
  link('.pnpm/b@2.0.0/node_modules/b', 'p/node_modules/b');
  link('../../b@1.0.0/node_modules/b', 'p/node_modules/.pnpm/a@1.0.0/node_modules/b');
  home.write('p/srv.mjs', "import 'a';\nimport 'b';\n");
  const found = describeClosure(
    await scanEntry(home, { command: 'node', args: ['p/srv.mjs'], cwd: home.path }),
  );
  assert.deepEqual(
    found.filter((text) => text.startsWith('package') || text.startsWith('unresolved')),
    [
      'package ${package}/.pnpm/a@1.0.0/node_modules/a',
      'package ${package}/.pnpm/b@1.0.0/node_modules/b',
      'package ${package}/.pnpm/b@2.0.0/node_modules/b',
      'unresolved gone (a package requires this one, which is not installed)',
    ],
  );
});
