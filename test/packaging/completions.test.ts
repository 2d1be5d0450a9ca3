import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type CommandNode, commandTree, withDescendants } from '../../cli/command-tree.ts';
import { SHELLS, type Shell } from '../../cli/completion/shells.ts';
import { findInstallation } from '../../cli/installation.ts';
import { packagedFiles } from '../../cli/manual/edition.ts';
import { buildProgram } from '../../cli/program.ts';
import { runBuilt } from '../cli/built.ts';
import { haveProgram } from '../debian-package.ts';
import { TempDirectory } from '../temp-directory.ts';
import { offers, type Session } from './shell-sessions.ts';

const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';
/** A user without anything, on Linux and macOS. */
const NOBODY = 65_534;
const install = findInstallation();
const root = commandTree(buildProgram(install, () => {}));
const files = packagedFiles(install);

function scriptOf(shell: Shell, program = 'sealwatch'): Session['script'] {
  const name = { bash: `${program}.bash`, zsh: `_${program}`, fish: `${program}.fish` }[shell];
  const file = files.find(({ path }) => path === `completions/${name}`);
  assert.ok(file !== undefined, `${shell} ${program}`);
  return { name, text: file.text };
}

/** Whether a shell is here; where it cannot be had, the test says so. */
function has(shell: Shell, context: TestContext): boolean {
  if (haveProgram(shell, shell)) return true;
  context.skip(`${shell} is not installed, and only root on Debian can install it`);
  return false;
}

/** A line as it is typed, broken at blanks; the last word is being typed. */
const typed = (line: string) => line.split(' ');

/** A directory with files and a state directory with keys, hostile names among them. */
class Desk extends TempDirectory {
  constructor() {
    super();
    this.write('events.jsonl', '');
    this.write('everyone/x', '');
    this.write('state/keys/ann.pem', '');
    this.write('state/keys/approver.pem', '');
    this.write('state/keys/$(touch owned).pem', '');
    this.write('state/keys/-n.pem', '');
    this.write('state/keys/a b.pem', '');
    this.write('state/keys/ann.pub', '');
  }
}

const LINES = {
  'sealwatch cen': ['central'],
  'sealwatch central to': ['token'],
  'sealwatch central token ': ['create', 'help', 'list', 'revoke'],
  'sealwatch completion ': ['bash', 'fish', 'zsh'],
  'sealwatch help sc': ['scan'],
  'sealwatch scan --fail-on ': ['critical', 'high', 'informational', 'low', 'medium', 'none'],
  'sealwatch scan --fail-on low --profile d': ['developer'],
  'sealwatch scan --html eve': ['events.jsonl', 'everyone'],
  'sealwatch scan --home eve': ['everyone'],
  'sealwatch scan --home everyone --fail': ['--fail-on'],
  'sealwatch approve --project --no-': ['--no-policy'],
  'sealwatch wrap --project eve': ['everyone'],
  'sealwatch wrap --client claude-c': ['claude-code'],
  'sealwatch approve --accept mcp_unpin': ['mcp_unpinned_package'],
  'sealwatch approve --key a --state-dir state --ow': ['--owner'],
  'sealwatch key export --state-dir state --name a': ['ann', 'approver'],
  'sealwatch key export --state-dir=state --name ann': ['ann'],
  'sealwatch key trust eve': ['events.jsonl', 'everyone'],
  'sealwatch rules match --rules everyone --events eve': ['events.jsonl', 'everyone'],
  'sealwatch rules match --rules everyone eve': ['events.jsonl', 'everyone'],
  'sealwatch rules match --rules everyone --sco': ['--scope'],
  'sealwatch rules explain mcp_inl': ['mcp_inline_code'],
  'sealwatch rules explain mcp_inline_code eve': ['events.jsonl', 'everyone'],
  'sealwatch central rollout start po': ['policy'],
  'sealwatch central approve -': ['-y'],
  'sealwatch scan central': [],
  'sealwatch nonsense ': [],
  'sealwatch central nonsense cr': [],
  'sealwatch show ': [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

for (const shell of SHELLS) {
  test(`${shell} offers what fits the place of a word`, (context) => {
    if (!has(shell, context)) return;
    using desk = new Desk();
    const lines = Object.keys(LINES);
    const found = offers(shell, { script: scriptOf(shell), directory: desk.path }, lines.map(typed));
    for (const [index, wanted] of Object.values<readonly string[]>(LINES).entries()) {
      const line = lines[index] ?? '';
      const offered = found[index] ?? [];
      // Where one letter is typed, shells differ in whether they show long options, too.
      const fits = line.endsWith(' -') ? offered.filter((word) => !word.startsWith('--')) : offered;
      assert.deepEqual(
        line.endsWith(' -') ? fits.filter((word) => word === '-y') : fits,
        wanted,
        `${shell}: ${line}`,
      );
    }
  });

  test(`${shell} evaluates nothing of what is typed or lies in a directory`, (context) => {
    if (!has(shell, context)) return;
    using desk = new Desk();
    const owned = '$(touch owned)';
    const lines = [
      ['sealwatch', 'rules', 'check', "'$(touch", "owned)'", ''],
      ['sealwatch', 'scan', '--state-dir', '"`touch', 'owned`"', '--html', ''],
      ['sealwatch', 'key', 'export', '--state-dir', "'$(touch", "owned)'", '--name', ''],
      ['sealwatch', 'key', 'export', '--state-dir', 'state', '--name', ''],
      ['sealwatch', 'scan', '--fail-on', "'a[$(true>owned)]'", '--pro'],
      ['sealwatch', 'guard', '--', '$(touch', 'owned)', ''],
      ['sealwatch', 'guard', '--', '$(true>owned)'],
      ['sealwatch', 'guard', '--', '(true>owned)x'],
      ['sealwatch', 'guard', '--', '`true>owned`'],
      ['sealwatch', '*', ''],
      ['sealwatch', '--', ''],
    ];
    const found = offers(shell, { script: scriptOf(shell), directory: desk.path }, lines);
    assert.deepEqual(found[3], ['ann', 'approver'], owned);
    assert.deepEqual([existsSync(desk.at('owned')), existsSync(desk.at('state', 'owned'))], [false, false]);
  });

  test(`${shell} offers every command and every option where it can be typed`, (context) => {
    if (!has(shell, context)) return;
    using desk = new Desk();
    // Each of zsh's lines costs a terminal: of commands alike, which differ by their words only, it gets each fourth.
    const nodes = withDescendants(root).filter((_, index) => shell !== 'zsh' || index % 4 === 0);
    const places = nodes.map(({ path }) => ['sealwatch', ...path]);
    const script = scriptOf(shell);
    const session = { script, directory: desk.path };
    const commands = offers(
      shell,
      session,
      places.map((place) => [...place, '']),
    );
    const options = offers(
      shell,
      session,
      places.map((place) => [...place, '--']),
    );
    for (const [index, node] of nodes.entries()) {
      const where = `${shell}: ${node.path.join(' ')}`;
      if (node.commands.length > 0) assert.deepEqual(commands[index], namesOf(node.commands), where);
      const long = (options[index] ?? []).filter((word) => word.startsWith('--'));
      assert.deepEqual(long, node.options.map((option) => option.long).toSorted(), where);
    }
  });

  test(`${shell} completes central as a program of its own`, (context) => {
    if (!has(shell, context)) return;
    using desk = new Desk();
    const session = { script: scriptOf(shell, 'sealwatch-central'), directory: desk.path };
    const found = offers(shell, session, [
      ['sealwatch-central', 'to'],
      ['sealwatch-central', 'token', 'cr'],
      ['sealwatch-central', 'run', '--config', 'eve'],
      ['sealwatch-central', 'scan', ''],
    ]);
    assert.deepEqual(found, [['token'], ['create'], ['events.jsonl', 'everyone'], []]);
  });

  test(`\`sealwatch completion ${shell}\` prints the script that packages install`, () => {
    const { status, stdout, stderr } = runBuilt(['completion', shell]);
    assert.deepEqual([status, stdout, stderr], [0, scriptOf(shell).text, '']);
  });
}

function namesOf(nodes: readonly CommandNode[]): readonly string[] {
  return nodes.map(({ name }) => name).toSorted();
}

test('help is as it was, and a shell must be named', () => {
  for (const [wanted, ...args] of [
    [0, 'help'],
    [0, 'help', 'completion'],
    [0, 'central', 'help', 'token'],
    [0, 'scan', '--help'],
    [2, 'completion'],
    [2, 'complet'],
  ] as const) {
    const { status, stdout } = runBuilt(args);
    assert.deepEqual([status, stdout.startsWith('Usage: sealwatch')], [wanted, wanted === 0], args.join(' '));
  }
});

test('an unknown shell is misuse', () => {
  const { status, stdout, stderr } = runBuilt(['completion', 'tcsh']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /bash, zsh, fish/);
});

test('bash completes a value behind an equals sign, however the line is broken there', () => {
  using desk = new Desk();
  const found = offers('bash', { script: scriptOf('bash'), directory: desk.path }, [
    ['sealwatch', 'scan', '--fail-on', '=', 'hi'],
    ['sealwatch', 'scan', '--profile', '='],
    ['sealwatch', 'scan', '--fail-on=hi'],
    ['sealwatch', 'scan', '--home=eve'],
    ['sealwatch', 'scan', '--home', '=', 'x', '--fail'],
    ['sealwatch', 'key', 'export', '--state-dir', '=', 'state', '--name', '=', 'an'],
  ]);
  assert.deepEqual(found, [
    ['high'],
    ['developer', 'production'],
    ['--fail-on=high'],
    ['--home=everyone'],
    ['--fail-on'],
    ['ann'],
  ]);
});

test('bash completes the same with the package bash-completion', (context) => {
  if (!existsSync(BASH_COMPLETION)) haveProgram('false', 'bash-completion');
  if (!existsSync(BASH_COMPLETION)) return context.skip('bash-completion is not installed');
  using desk = new Desk();
  desk.write('every one.jsonl', '');
  const session = { script: scriptOf('bash'), directory: desk.path, before: BASH_COMPLETION };
  const found = offers('bash', session, [
    typed('sealwatch cen'),
    typed('sealwatch scan --fail-on hi'),
    typed('sealwatch scan --html eve'),
    typed('sealwatch scan --home eve'),
  ]);
  assert.deepEqual(found, [
    ['central'],
    ['high'],
    ['events.jsonl', 'every one.jsonl', 'everyone'],
    ['everyone'],
  ]);
});

test('keys are looked for where the user who asks has them', (context) => {
  const isRoot = process.getuid?.() === 0;
  for (const shell of SHELLS) {
    if (!has(shell, context)) continue;
    using home = new TempDirectory();
    home.write('.local/state/sealwatch/keys/mine.pem', '');
    home.write('moved/sealwatch/keys/moved.pem', '');
    chmodSync(home.path, 0o777);
    const session = {
      script: scriptOf(shell),
      directory: home.path,
      env: { HOME: home.path },
      ...(isRoot ? { uid: NOBODY } : {}),
    };
    const key = [typed('sealwatch approve --key ')];
    assert.deepEqual(offers(shell, session, key), [['mine']], shell);
    const moved = { ...session, env: { HOME: home.path, XDG_STATE_HOME: home.at('moved') } };
    assert.deepEqual(offers(shell, moved, key), [['moved']], shell);
  }
});
