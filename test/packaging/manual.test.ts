import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CommandNode, commandTree, withDescendants } from '../../cli/command-tree.ts';
import { findInstallation } from '../../cli/installation.ts';
import { COMMAND_PAGES, OVERVIEW_COMMANDS } from '../../cli/manual/command-pages.ts';
import { packagedFiles } from '../../cli/manual/edition.ts';
import { EXAMPLES } from '../../cli/manual/examples.ts';
import { manualFiles } from '../../cli/manual/files.ts';
import { buildProgram } from '../../cli/program.ts';
import { haveProgram } from '../debian-package.ts';

const install = findInstallation();
const packaging = join(install.root, 'packaging');
const program = commandTree(buildProgram(install, () => {}));
const files = packagedFiles(install);
const pages = files.filter(({ path, text }) => path.startsWith('man/') && !text.startsWith('.so '));
const nodes = withDescendants(program);
const doing = nodes.filter(({ commands, name }) => commands.length === 0 && name !== 'help');

/** The text of a page without what is roff's. */
function plainText(path: string): string {
  const page = files.find((file) => file.path === path);
  assert.ok(page !== undefined, path);
  return plain(page.text);
}

function plain(text: string): string {
  const signs = { '\\-': '-', '\\(aq': "'", '\\(ti': '~' };
  const bare = text.replaceAll(/\\f[BIR]|\\&/g, '');
  return Object.entries(signs).reduce((result, [written, sign]) => result.replaceAll(written, sign), bare);
}

function pageOf(node: CommandNode): string {
  const [top = ''] = node.path;
  const plan = COMMAND_PAGES.find(({ commands }) => commands.some((command) => command === top));
  return plan === undefined ? 'man/sealwatch.1' : `man/${plan.name}.${plan.section}`;
}

test('pages and completions in the tree are what the program makes now', () => {
  const committed = ['man/*', 'completions/*'].flatMap((glob) => globSync(glob, { cwd: packaging }));
  if (process.env['UPDATE_GOLDEN'] === '1') {
    for (const path of committed) rmSync(join(packaging, path));
    for (const { path, text } of files) {
      mkdirSync(dirname(join(packaging, path)), { recursive: true });
      writeFileSync(join(packaging, path), text);
    }
    return;
  }
  const hint = 'run `npm run manual`';
  assert.deepEqual(committed.toSorted(), files.map(({ path }) => path).toSorted(), hint);
  for (const { path, text } of files) {
    assert.ok(readFileSync(join(packaging, path), 'utf8') === text, `${path} is not current: ${hint}`);
  }
});

test('pages and completions do not depend on who makes them', (context) => {
  const kept = { env: { ...process.env }, getuid: process.getuid };
  context.after(() => Object.assign(process, kept));
  process.getuid = () => 4_711;
  process.env = { HOME: '/nowhere', XDG_STATE_HOME: '/elsewhere', SOURCE_DATE_EPOCH: '1', TZ: 'Asia/Tokyo' };
  assert.deepEqual(packagedFiles(install), files);
});

test('every command, option and argument says what it is', () => {
  for (const node of nodes) {
    const where = ['sealwatch', ...node.path].join(' ');
    assert.match(node.description, /^[\p{L}]\S* .*\S/u, where);
    for (const { long, description, value } of node.options) {
      assert.match(description, /\w\S* \S+/, `${where} ${long}`);
      if (value?.choices) assert.ok(value.choices.length > 1, `${where} ${long}`);
    }
    for (const { name, description } of node.arguments)
      assert.match(description, /\w\S* \S+/, `${where} ${name}`);
  }
});

test('every command, option and argument stands on its page, with its default', () => {
  for (const node of nodes.filter(({ name, path }) => name !== 'help' && path.length > 0)) {
    const path = pageOf(node);
    const text = plainText(path);
    const joined = text.replaceAll(/\s+/g, ' ');
    if (node.commands.length === 0 && path !== 'man/sealwatch.1') {
      assert.match(text, new RegExp(`^sealwatch ${node.path.join(' ')}( |$)`, 'm'), path);
      for (const { short, long, value, fallback } of node.options) {
        const term = `${short === null ? '' : `${short}, `}${long}${value === null ? '' : ` ${value.name.toUpperCase()}`}`;
        assert.ok(
          text.split('\n').some((line) => line === term || line === `${term}...`),
          `${path}: ${term}`,
        );
        if (fallback !== null)
          assert.ok(joined.includes(`Default: ${fallback}.`), `${path}: ${term}: ${fallback}`);
      }
    }
    for (const { name } of node.arguments)
      assert.ok(text.split('\n').includes(name.toUpperCase()), `${path}: ${name}`);
  }
  const overview = plainText('man/sealwatch.1').split('\n');
  for (const { name } of program.commands) assert.ok(overview.includes(name), name);
});

test('a command that no page has is refused', () => {
  const stray = {
    ...program,
    commands: [...program.commands, { ...program, name: 'stray', path: ['stray'] }],
  };
  const docs = { agentConfig: '', centralConfig: '', feeds: '' };
  assert.throws(() => manualFiles(stray, docs, { version: '1', date: '2026-01-01' }), /has stray$/);
});

test('pages name commands that are there, each once', () => {
  const named = [...OVERVIEW_COMMANDS, ...COMMAND_PAGES.flatMap(({ commands }) => commands)];
  assert.deepEqual(named.toSorted(), program.commands.map(({ name }) => name).toSorted());
});

test('each command that does something has an example, of commands and options that exist', () => {
  const paths = doing.map(({ path }) => path.join(' '));
  assert.deepEqual(Object.keys(EXAMPLES).toSorted(), paths.toSorted());
  for (const [command, examples] of Object.entries(EXAMPLES)) {
    const own = examples.flatMap(({ lines }) => lines);
    assert.ok(
      own.some((line) => line.includes(`sealwatch ${command}`)),
      command,
    );
    for (const line of examples.flatMap(({ lines }) =>
      lines.join('\n').replaceAll('\\\n', ' ').split('\n'),
    )) {
      const words = (/sealwatch ([^|>)#]*)/.exec(line)?.[1] ?? '').trim().split(/\s+/);
      const node = nodes.findLast(
        ({ path }) => path.length > 0 && path.every((word, at) => words[at] === word),
      );
      assert.ok(node !== undefined, line);
      const typed = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
      for (const word of typed.filter((one) => one.startsWith('-'))) {
        assert.ok(
          node.options.some(({ long, short }) => word === long || word === short),
          `${line}: ${word}`,
        );
      }
      for (const { long } of node.options.filter(({ mandatory }) => mandatory))
        assert.ok(words.includes(long), `${line}: ${long}`);
    }
  }
});

test('each page has all sections that readers look for', () => {
  for (const { path, text } of pages) {
    const headings = [...text.matchAll(/^\.SH "(.*)"$/gm)].map(([, heading]) => heading);
    const wanted = [
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'OPTIONS',
      'EXIT STATUS',
      'FILES',
      'EXAMPLES',
      'SEE ALSO',
    ];
    assert.deepEqual(
      headings.filter((heading) => wanted.includes(heading ?? '')),
      wanted,
      path,
    );
  }
});

test('a command is found under its own name, too', () => {
  for (const { path, text } of files.filter((file) => file.text.startsWith('.so '))) {
    const [, target = ''] = /^\.so man\d\/(\S+)\n$/.exec(text) ?? [];
    assert.ok(
      pages.some((page) => page.path === `man/${target}`),
      path,
    );
    assert.match(plainText(`man/${target}`), new RegExp(`sealwatch-${/-([a-z]+)\./.exec(path)?.[1]}`));
  }
});

test('readers of man-db and of mandoc find nothing to warn of', (context: TestContext) => {
  for (const [reader, debian, probe, args] of [
    ['man', 'man-db', '--version', ['--warnings=w', '-E', 'UTF-8', '-l', '-Tutf8', '-Z']],
    ['mandoc', 'mandoc', '-Kutf-8', ['-Tlint', '-W', 'all']],
  ] as const) {
    if (!haveProgram(reader, debian, probe)) {
      context.diagnostic(`${reader} is not installed, and only root on Debian can install it`);
      continue;
    }
    for (const { path } of pages) {
      const { status, stdout, stderr } = spawnSync(reader, [...args, join(packaging, path)], {
        encoding: 'utf8',
      });
      const said = reader === 'man' ? stderr : `${stdout}${stderr}`;
      assert.deepEqual([status, said], [0, ''], `${reader} ${path}`);
    }
  }
});

test('pages that others point to are there', () => {
  for (const { text } of pages) {
    for (const [, name, section] of plain(text).matchAll(/\b(sealwatch[a-z.-]*)\((\d)\)/g)) {
      assert.ok(
        files.some(({ path }) => path === `man/${name}.${section}`),
        `${name}(${section})`,
      );
    }
  }
});
