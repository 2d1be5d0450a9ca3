import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type Entry, GuardedHost, refusalIn } from '../guard/guarded-host.ts';

const PATIENCE = { timeout: 180_000 };
const NODE = process.execPath;

/** A server that says it started, and answers one `initialize`. */
const good = (mark: string) => `
require('node:fs').writeFileSync(${JSON.stringify(`${mark}.good`)}, 'ran');
process.stdin.once('data', () => console.log(JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} })));
process.stdin.on('end', () => process.exit(0));
`;

/** What runs where nothing stops it: the first thing it does leaves a mark. */
const evil = (mark: string) =>
  `require('node:fs').writeFileSync(${JSON.stringify(`${mark}.evil`)}, 'ran');\n`;
const evilShell = (mark: string) => `#!/bin/sh\necho ran > '${mark}.evil'\n`;

/** A home on which one scenario plays: what is approved runs, then the deed is done, then it is started again. */
class Scenario {
  readonly guarded: GuardedHost;
  readonly mark: string;

  constructor(context: TestContext) {
    this.guarded = new GuardedHost(context, 'production');
    this.mark = join(this.guarded.host.directory, 'mark');
  }

  write(path: string, text: string, mode = 0o644): string {
    const written = this.guarded.host.write(path, text);
    chmodSync(written, mode);
    return written;
  }

  at(...parts: string[]): string {
    return this.guarded.host.at(...parts);
  }

  config(path: string, document: object): string {
    return this.write(path, JSON.stringify(document));
  }

  /** Starts the entry through the guard; null where it ran. */
  async start(entry: Entry, env: Readonly<Record<string, string>> = {}): Promise<string | null> {
    const wire = this.guarded.start({ ...entry, env: { ...entry.env, ...env } });
    const answer = await wire.ask('initialize', { protocolVersion: '2025-11-25' }).catch(() => null);
    const { code, signal } = await wire.leave();
    if (answer === null) return `ended with ${code ?? signal}`;
    return 'error' in answer ? String(refusalIn(answer)['code']) : null;
  }

  async runsOnce(entry: Entry): Promise<void> {
    assert.equal(await this.start(entry), null, 'what is approved runs');
    assert.ok(existsSync(`${this.mark}.good`));
  }

  /** It is refused, and nothing of the deed has run. */
  async stops(entry: Entry, code: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    assert.equal(await this.start(entry, env), code);
    assert.equal(existsSync(`${this.mark}.evil`), false, 'the first instruction of what changed');
  }

  /** A script that Cursor starts, approved and seen to run. */
  async approvedScript(): Promise<{ script: string; entry: Entry }> {
    const script = this.write('srv/server.js', good(this.mark));
    const entry = { command: NODE, args: [script] };
    this.guarded.configure({ one: entry });
    await this.guarded.approve('one');
    await this.runsOnce(entry);
    return { script, entry };
  }
}

const RACES = 24;
const ABREAST = 3;
/** Puts the one and the other text into a file as fast as it can, by rename and by writing into it. */
const FLIPPER = `
const fs = require('node:fs');
const [path, ...texts] = process.argv.slice(1);
for (let turn = 0; ; turn += 1) {
  const text = texts[turn % 2];
  if (turn % 4 < 2) fs.writeFileSync(path, text);
  else { fs.writeFileSync(path + '.new', text); fs.renameSync(path + '.new', path); }
}
`;

const CHANGED = 'APPROVAL_CLOSURE_CHANGED';
const NOT_APPROVED = 'GUARD_NOT_APPROVED';

describe('launches of shared/attacks.md §3a, behind the guard in production', PATIENCE, () => {
  test('1. MCPoison: an approved entry keeps its name and gets another command', async (t) => {
    const scenario = new Scenario(t);
    const { entry } = await scenario.approvedScript();
    const swapped = { command: NODE, args: [scenario.write('srv/evil.js', evil(scenario.mark))] };
    scenario.guarded.configure({ one: swapped });
    await scenario.stops(swapped, CHANGED);
    await scenario.stops(entry, 'GUARD_SERVER_UNKNOWN');
  });

  test('2. CurXecute: a config that was not there before', async (t) => {
    const scenario = new Scenario(t);
    const entry = { command: NODE, args: [scenario.write('evil.js', evil(scenario.mark))] };
    scenario.guarded.configure({ fresh: entry });
    await scenario.stops(entry, NOT_APPROVED);
  });

  for (const [name, path, key] of [
    [
      '4. Windsurf: an entry that the editor itself was talked into',
      '.codeium/windsurf/mcp_config.json',
      'mcpServers',
    ],
    [
      '9. Amazon Q: a server of a cloned workspace, with cloud credentials in its environment',
      '.aws/amazonq/mcp.json',
      'mcpServers',
    ],
    ['10. Zed: context servers of a settings file', '.config/zed/settings.json', 'context_servers'],
    ['11. SANDWORM_MODE: a rogue server beside the others', '.claude.json', 'mcpServers'],
  ] as const)
    test(name, async (t) => {
      const scenario = new Scenario(t);
      const entry = {
        command: NODE,
        args: [scenario.write('evil.js', evil(scenario.mark))],
        env: { AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
      };
      scenario.config(path, { [key]: { rogue: entry } });
      await scenario.stops(entry, NOT_APPROVED);
    });

  test('13. a script behind a symbolic link that leads elsewhere now', async (t) => {
    const scenario = new Scenario(t);
    scenario.write('srv/real.js', good(scenario.mark));
    const link = scenario.at('srv', 'server.js');
    symlinkSync('real.js', link);
    const entry = { command: NODE, args: [link] };
    scenario.guarded.configure({ one: entry });
    await scenario.guarded.approve('one');
    await scenario.runsOnce(entry);
    scenario.write('srv/evil.js', evil(scenario.mark));
    unlinkSync(link);
    symlinkSync('evil.js', link);
    await scenario.stops(entry, CHANGED);
  });
});

describe('launches of shared/attacks.md §3b, behind the guard in production', PATIENCE, () => {
  test('15. postmark-mcp: one line of an installed package, with the same config', async (t) => {
    const scenario = new Scenario(t);
    const module = (text: string) => scenario.write('app/node_modules/mail-mcp/lib/send.js', text);
    scenario.write(
      'app/node_modules/mail-mcp/package.json',
      '{"name":"mail-mcp","version":"1.0.15","main":"index.js"}',
    );
    scenario.write('app/node_modules/mail-mcp/index.js', `require('./lib/send.js');${good(scenario.mark)}`);
    module('exports.send = () => {};\n');
    const entry = { command: NODE, args: [scenario.at('app/node_modules/mail-mcp/index.js')] };
    scenario.guarded.configure({ mail: entry });
    await scenario.guarded.approve('mail');
    await scenario.runsOnce(entry);
    module(`${evil(scenario.mark)}exports.send = () => {};\n`);
    await scenario.stops(entry, CHANGED);
  });

  test('16. script swap under a stable command, and of a module beside it', async (t) => {
    const scenario = new Scenario(t);
    scenario.write('srv/part.js', 'exports.part = 1;\n');
    const script = scenario.write('srv/server.js', `require('./part.js');${good(scenario.mark)}`);
    const entry = { command: NODE, args: [script] };
    scenario.guarded.configure({ one: entry });
    await scenario.guarded.approve('one');
    await scenario.runsOnce(entry);
    scenario.write('srv/part.js', evil(scenario.mark));
    await scenario.stops(entry, CHANGED);
    scenario.write('srv/part.js', 'exports.part = 1;\n');
    assert.equal(await scenario.start(entry), null, 'as it was again');
    scenario.write('srv/server.js', evil(scenario.mark));
    await scenario.stops(entry, CHANGED);
  });

  test('17. env file swap: a loader variable in the file that the command reads', async (t) => {
    const scenario = new Scenario(t);
    const preload = scenario.write('srv/preload.js', evil(scenario.mark));
    const script = scenario.write('srv/server.js', good(scenario.mark));
    const env = scenario.write('srv/.env', 'COLOUR=red\n');
    const entry = { command: NODE, args: [`--env-file=${env}`, script] };
    scenario.guarded.configure({ one: entry });
    await scenario.guarded.approve('one');
    await scenario.runsOnce(entry);
    scenario.write('srv/.env', `COLOUR=red\nNODE_OPTIONS=--require=${preload}\n`);
    await scenario.stops(entry, CHANGED);
  });

  test('17. loader variables in the environment of the client', async (t) => {
    const scenario = new Scenario(t);
    const { entry } = await scenario.approvedScript();
    const preload = scenario.write('srv/preload.js', evil(scenario.mark));
    assert.equal(await scenario.start(entry, { NODE_OPTIONS: `--require=${preload}` }), null);
    assert.equal(existsSync(`${scenario.mark}.evil`), false, 'it is not handed on');
  });

  test('18. launcher hijack: a program of the same name earlier on PATH', async (t) => {
    const scenario = new Scenario(t);
    const bin = scenario.at('bin');
    mkdirSync(bin);
    symlinkSync(NODE, join(bin, 'node'));
    const script = scenario.write('srv/server.js', good(scenario.mark));
    const entry = { command: 'node', args: [script] };
    scenario.guarded.configure({ one: entry });
    const path = `${bin}:${process.env['PATH']}`;
    await scenario.guarded.approve('one');
    const hijack = scenario.write('evil/node', evilShell(scenario.mark), 0o755);
    await scenario.stops(entry, CHANGED, { PATH: `${dirname(hijack)}:${path}` });
  });

  test('19. interpreter swap', async (t) => {
    const scenario = new Scenario(t);
    const interpreter = scenario.write('tools/node', '');
    copyFileSync(NODE, interpreter);
    chmodSync(interpreter, 0o755);
    const script = scenario.write('srv/server.js', good(scenario.mark));
    const entry = { command: interpreter, args: [script] };
    scenario.guarded.configure({ one: entry });
    await scenario.guarded.approve('one');
    await scenario.runsOnce(entry);
    writeFileSync(`${interpreter}.new`, evilShell(scenario.mark), { mode: 0o755 });
    renameSync(`${interpreter}.new`, interpreter);
    await scenario.stops(entry, CHANGED);
  });

  test(`19. hash→exec race: the script is flipped in a loop while ${RACES} guards start it`, async (t) => {
    const scenario = new Scenario(t);
    const { script, entry } = await scenario.approvedScript();
    const flipper = spawn(NODE, ['-e', FLIPPER, script, good(scenario.mark), evil(scenario.mark)]);
    t.after(() => flipper.kill('SIGKILL'));
    const ends: (string | null)[] = [];
    for (let started = 0; started < RACES; started += ABREAST)
      ends.push(...(await Promise.all(Array.from({ length: ABREAST }, () => scenario.start(entry)))));
    assert.equal(existsSync(`${scenario.mark}.evil`), false, 'nothing unapproved was executed');
    assert.equal(flipper.exitCode, null, 'it flipped to the end');
    const count = ends.filter((end) => end === null).length;
    assert.ok(count < RACES, 'some were refused');
    t.diagnostic(`${count} of ${RACES} ran what was approved, the others were refused`);
  });

  test('20. allowlist bypass: npx with a command of its own', async (t) => {
    const scenario = new Scenario(t);
    const { entry } = await scenario.approvedScript();
    const bypass = { command: 'npx', args: ['-c', `echo ran > '${scenario.mark}.evil'`] };
    scenario.guarded.configure({ one: bypass });
    await scenario.stops(bypass, CHANGED);
    scenario.guarded.configure({ one: entry, two: bypass });
    await scenario.stops(bypass, NOT_APPROVED);
  });
});
