import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ControlSet } from '../../../inventory/discovery/controls.ts';
import { limits } from '../../../inventory/index.ts';
import { type Control, controlSchema } from '../../../wire/index.ts';
import { TempHome } from '../temp-home.ts';

const TOKEN = `ghp_${'a1B2c3D4'.repeat(5).slice(0, 36)}`;
const SOURCE = { client: 'c', scope: 'user', userName: 'ana', project: null, path: '/c.json' } as const;

function hook(command: string) {
  return { hooks: { PreToolUse: [{ matcher: '*', hooks: [{ type: 'command', command }] }] } };
}

async function controlsOf(home: TempHome): Promise<readonly Control[]> {
  const { controls } = await home.scan();
  for (const control of controls) controlSchema.parse(control);
  return controls;
}

test('a hook that is added shows, one that changes has another digest, one that goes is gone', async () => {
  using home = new TempHome();
  const hooks = async () => (await controlsOf(home)).filter(({ kind }) => kind === 'hook');
  home.write('.claude/settings.json', {});
  assert.deepEqual(await hooks(), []);
  const path = home.write('.claude/settings.json', hook('./check.sh'));
  const [first] = await hooks();
  assert.ok(first);
  assert.deepEqual(
    [first.client, first.scope, first.user, first.project, first.path, first.key.split('.')[0]],
    ['claude-code', 'user', 'root', null, path, 'hooks'],
  );
  assert.match(first.value ?? '', /check\.sh/);
  home.write('.claude/settings.json', hook('./check.sh; curl x | sh'));
  const [second] = await hooks();
  assert.notEqual(second?.sha256, first.sha256);
  home.write('.claude/settings.json', { ...hook('./check.sh'), theme: 'dark' });
  assert.equal((await hooks())[0]?.sha256, first.sha256);
});

test('a secret is in no value and no digest, but what stands beside it counts', async () => {
  using home = new TempHome();
  home.write('.claude.json', { projects: { [join(home.path, 'p')]: {} } });
  const look = async (command: string) => {
    home.write('p/.claude/settings.json', hook(command));
    const found = (await controlsOf(home)).filter(({ kind }) => kind === 'hook');
    assert.deepEqual(
      found.map(({ project, scope }) => [project, scope]),
      [[join(home.path, 'p'), 'project']],
    );
    assert.ok(!JSON.stringify(found).includes(TOKEN));
    return found[0]?.sha256;
  };
  const first = await look(`GITHUB_TOKEN=${TOKEN} ./check.sh`);
  assert.equal(await look(`GITHUB_TOKEN=${TOKEN.replace('a1', 'z9')} ./check.sh`), first);
  assert.notEqual(await look(`GITHUB_TOKEN=${TOKEN} ./other.sh`), first);
});

test('a script that a hook runs is a control too; its change shows though the hook is the same', async () => {
  using home = new TempHome();
  home.write(
    '.claude/settings.json',
    hook('python3 ~/tools/check.py --strict; "$HOME/later.sh" && /usr/bin/true'),
  );
  const path = home.write('tools/check.py', 'print(1)');
  const look = async () => {
    const { controls, watch } = await home.scan();
    return { watch, files: controls.filter(({ kind, key }) => kind === 'hook' && key === '') };
  };
  const before = await look();
  assert.deepEqual(
    before.files.map((file) => [file.path, file.value]),
    [[path, null]],
  );
  assert.ok(before.watch.files.includes(join(home.path, 'later.sh')));
  home.write('tools/check.py', 'print(2)');
  assert.notEqual((await look()).files[0]?.sha256, before.files[0]?.sha256);
});

test('a hook that is too long to be followed is told of', async () => {
  using home = new TempHome();
  home.write('.claude/settings.json', hook(`${': '.repeat(limits.MAX_HOOK_TEXT_LENGTH)} ~/late.sh`));
  home.write('late.sh', 'x');
  const { controls, problems } = await home.scan();
  assert.equal(controls.filter(({ kind }) => kind === 'hook').length, 1);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['INVENTORY_TOO_MANY_CONTROLS'],
  );
});

test('a plugin tree that is deeper than is looked into is told of', async () => {
  using home = new TempHome();
  const deep = Array.from({ length: limits.MAX_GLOB_DEPTH + 2 }, (_, level) => `d${level}`).join('/');
  home.write(`.claude/plugins/cache/${deep}/.mcp.json`, { mcpServers: { deep: { command: 'true' } } });
  home.write('.claude.json', { mcpServers: { other: { command: 'true' } } });
  const { servers, problems } = await home.scan();
  assert.ok(servers.some(({ server }) => server.name === 'other'));
  assert.ok(problems.some(({ code }) => code === 'INVENTORY_PATTERN_TRUNCATED'));
});

test('key paths with stars name each value, and missing keys name none', () => {
  const set = new ControlSet();
  const root = { a: { x: { on: true }, y: { on: false }, z: {} }, list: [{ on: 1 }] };
  set.addSettings(
    root,
    [
      { kind: 'trust', path: ['a', '*', 'on'] },
      { kind: 'hook', path: ['list', '*'] },
      { kind: 'filter', path: ['toString'] },
    ],
    SOURCE,
  );
  assert.deepEqual(
    set.all.map(({ kind, key, value }) => [kind, key, value]),
    [
      ['trust', 'a.x.on', 'true'],
      ['trust', 'a.y.on', 'false'],
      ['hook', 'list.0', '{"on":1}'],
    ],
  );
  const whole = new ControlSet();
  whole.addSettings({ b: 1, a: 2 }, [{ kind: 'trust', path: [] }], SOURCE);
  assert.deepEqual(
    whole.all.map(({ key, value }) => [key, value]),
    [['', '{"a":2,"b":1}']],
  );
});

test('values are cut, and controls over the limit are counted, not lost in silence', () => {
  const set = new ControlSet();
  const many = Array.from({ length: limits.MAX_CONTROLS + 3 }, (_, index) => index);
  set.addSettings({ long: 'some words '.repeat(1_000), many }, [{ kind: 'hook', path: ['long'] }], SOURCE);
  assert.equal(set.all[0]?.value?.length, limits.MAX_CONTROL_VALUE_LENGTH);
  assert.equal(set.problems.length, 0);
  set.addSettings({ many }, [{ kind: 'trust', path: ['many', '*'] }], SOURCE);
  assert.equal(set.all.length, limits.MAX_CONTROLS);
  assert.match(set.problems[0]?.message ?? '', /10004 controls/);
});

test('files and directories that are controls are hashed and watched; one that cannot be read hides no other', async () => {
  using home = new TempHome();
  home.write('.claude.json', { projects: { [join(home.path, 'p')]: {} } });
  home.write('real/SKILL.md', 'do');
  mkdirSync(join(home.path, '.claude/skills'), { recursive: true });
  symlinkSync(join(home.path, 'real'), join(home.path, '.claude/skills/one'));
  symlinkSync('loop', join(home.path, '.claude/skills/loop'));
  home.write('.claude/skills/two/SKILL.md', 'other');
  const skills = async () => {
    const inventory = await home.scan();
    return { ...inventory, skills: inventory.controls.filter(({ kind }) => kind === 'skill') };
  };
  const first = await skills();
  assert.ok(first.skills.length >= 2, JSON.stringify(first.controls));
  assert.ok(
    [...first.watch.files, ...first.watch.trees].some((path) => path.startsWith(join(home.path, 'real'))),
  );
  home.write('real/SKILL.md', 'do more');
  const second = await skills();
  const digests = (found: readonly Control[]) => new Map(found.map(({ path, sha256 }) => [path, sha256]));
  const changed = [...digests(second.skills)].filter(
    ([path, sha256]) => digests(first.skills).get(path) !== sha256,
  );
  assert.ok(changed.length >= 1);
  assert.ok(changed.every(([path]) => path.includes('/skills/one')));
  unlinkSync(join(home.path, '.claude/skills/loop'));
});
