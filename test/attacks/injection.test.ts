import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { program, skip } from '../collectors/process/built-sensor.ts';
import { until } from '../e2e/host.ts';
import { AttackedServer, type Deed, type Doer } from './attacked-server.ts';
import { isMissing } from './evasion.ts';

/** What a victim ends with once its registers were changed, and what a program ends with that was made to load. */
const TAKEN = 42;
const built = (name: string, ...flags: readonly string[]) => (skip === false ? program(name, ...flags) : '');
const [inject, preloaded] = [built('inject'), built('preloaded', '-shared', '-fPIC')];

/** Ways of ptrace(2) to run code in a process that is not one's child. */
const BY_PTRACE = {
  attach: 'PTRACE_ATTACH',
  seize: 'PTRACE_SEIZE',
  deaf: 'PTRACE_SEIZE by one who wants no signals',
} as const;

interface Loaded {
  readonly name: string;
  readonly variable: string;
  readonly needs?: readonly [string, string];
  /** What makes another program run code of the attacker's, which ends it. */
  readonly deed: (directory: string, mark: string) => Deed;
}

const BY_ENVIRONMENT: readonly Loaded[] = [
  {
    name: 'LD_PRELOAD',
    variable: 'LD_PRELOAD',
    deed: (_, mark) => ({ words: ['/bin/true', mark], env: { LD_PRELOAD: preloaded } }),
  },
  {
    name: 'LD_PRELOAD set by env',
    variable: 'LD_PRELOAD',
    deed: (_, mark) => ({ words: ['env', `LD_PRELOAD=${preloaded}`, '/bin/true', mark] }),
  },
  {
    name: 'LD_PRELOAD in an environment of its own',
    variable: 'LD_PRELOAD',
    deed: (_, mark) => ({ words: ['env', '-i', `LD_PRELOAD=${preloaded}`, '/bin/cat', mark] }),
  },
  {
    name: 'LD_AUDIT',
    variable: 'LD_AUDIT',
    deed: (_, mark) => ({ words: ['/bin/true', mark], env: { LD_AUDIT: preloaded } }),
  },
  {
    name: 'NODE_OPTIONS',
    variable: 'NODE_OPTIONS',
    deed: (directory, mark) => {
      writeFileSync(`${directory}/first.cjs`, `process.exit(${TAKEN});\n`);
      const env = { NODE_OPTIONS: `--require ${directory}/first.cjs` };
      return { words: [process.execPath, '/dev/null', mark], env };
    },
  },
  {
    name: 'BASH_ENV',
    variable: 'BASH_ENV',
    deed: (directory, mark) => {
      writeFileSync(`${directory}/first.sh`, `exit ${TAKEN}\n`);
      return { words: ['bash', '-c', `: ${mark}`], env: { BASH_ENV: `${directory}/first.sh` } };
    },
  },
  {
    name: 'PERL5OPT',
    variable: 'PERL5OPT',
    needs: ['perl', 'perl'],
    deed: (directory, mark) => {
      writeFileSync(`${directory}/First.pm`, `exit ${TAKEN};\n`);
      return { words: ['perl', '/dev/null', mark], env: { PERL5OPT: `-I${directory} -MFirst` } };
    },
  },
];

describe('code brought into another process', { skip, timeout: 120_000 }, () => {
  let attacked: AttackedServer;
  const victims: ChildProcess[] = [];
  before(async () => {
    attacked = await AttackedServer.start();
  });
  after(async () => {
    for (const victim of victims) victim.kill('SIGKILL');
    await attacked.stop();
  });

  /** A process outside of the server that waits. */
  async function victim() {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    victims.push(child);
    const { pid } = child;
    assert.ok(pid !== undefined);
    await waits(pid);
    return { pid, status: once(child, 'exit').then(([code]) => code) };
  }

  /** Until it stands in nanosleep(2) or clock_nanosleep(2), by their numbers on x86-64 and arm64. */
  async function waits(pid: number): Promise<void> {
    const stands = () => /^(?:35|230|101|115) /.test(readFileSync(`/proc/${pid}/syscall`, 'latin1'));
    await until('the victim to wait', stands);
  }

  async function injects(doer: Doer, way: string) {
    const { pid, status } = await victim();
    const done = await doer.does({ words: [inject, way, String(pid)] });
    assert.equal(done.status, 0, done.errors);
    assert.equal(await status, TAKEN, 'the victim did what it was made to do');
    return { attacker: done.pid, pid };
  }

  for (const [way, name] of Object.entries(BY_PTRACE)) {
    test(`${name} of a stranger is mcp_process_injection, but not by a stranger`, async () => {
      const outside = await injects(attacked.stranger, way);
      const { attacker, pid } = await injects(attacked.server, way);
      const alert = await attacked.alert('mcp_process_injection', ({ actor }) => actor?.pid === attacker);
      attacked.assertOwn(alert, { pid: attacker, exe: /\/inject$/ });
      const { event } = alert;
      assert.deepEqual(
        [event['SourceProcessId'], event['TargetProcessId'], event['mcp.by_member'], event['mcp.of_member']],
        [attacker, pid, true, false],
      );
      assert.match(String(event['SourceImage']), /\/inject$/);
      assert.match(String(event['TargetImage']), /\/sleep$/);
      assert.equal(event['mcp.own_child'], false);
      const about = attacked.daemon.alerts.filter(({ event: { TargetProcessId: of } }) => of === outside.pid);
      assert.deepEqual(about, []);
    });
  }

  test('a stranger who takes control of a process of the server is mcp_server_traced', async () => {
    const child = `const c = require('child_process').spawn('sleep', ['600'], { stdio: 'ignore' }); return c.pid`;
    const pid = Number((await attacked.server.does({ code: child })).output);
    await waits(pid);
    const done = await attacked.stranger.does({ words: [inject, 'attach', String(pid)] });
    assert.equal(done.status, 0, done.errors);
    const alert = await attacked.alert('mcp_server_traced', ({ event }) => event['TargetProcessId'] === pid);
    attacked.assertOwn(alert, { pid, exe: /\/sleep$/ });
    assert.equal(alert.event['SourceProcessId'], done.pid);
    assert.match(String(alert.event['SourceImage']), /\/inject$/);
  });

  for (const [index, { name, variable, needs, deed }] of BY_ENVIRONMENT.entries()) {
    test(`${name} is mcp_loader_injection, but not outside of the server`, async (at) => {
      if (isMissing(at, needs)) return;
      const { host, server, stranger } = attacked;
      const directory = host.makeDirectory(host.at('work', `loaded-${index}`));
      const [mark, outside] = [`loaded-${process.pid}-${index}-`, `stranger-${process.pid}-${index}-`];
      const strange = await stranger.does(deed(directory, outside));
      const done = await server.does(deed(directory, mark));
      assert.deepEqual([strange.status, done.status], [TAKEN, TAKEN], done.errors);
      const alert = await attacked.alert('mcp_loader_injection', mark);
      attacked.assertOwn(alert, { pid: done.pid });
      assert.deepEqual(alert.event['mcp.loader_variables'], [variable]);
      assert.deepEqual(attacked.told(outside), []);
    });
  }
});
