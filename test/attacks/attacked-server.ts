import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { Alert } from '../../wire/index.ts';
import { Host, type Program, until } from '../e2e/host.ts';

/**
 * A server that does what each line of its stdin says, runs words without a shell between or evaluates code in its
 * own process, and answers with what came of it. It waits for nothing else, so that what it starts can be gone
 * within a millisecond.
 */
const SERVER = `
const { spawnSync } = require('node:child_process');
function does({ words, code, env }) {
  if (code !== undefined) return { pid: process.pid, status: 0, output: String(new Function('require', code)(require)) };
  const options = { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } };
  const { pid, status, stdout, stderr, error } = spawnSync(words[0], words.slice(1), options);
  return { pid, status, output: String(stdout), errors: String(error ?? stderr) };
}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  let done;
  try {
    done = does(JSON.parse(line));
  } catch (error) {
    done = { pid: process.pid, status: -1, output: '', errors: String(error) };
  }
  console.log(JSON.stringify(done));
});
`;

export type Deed =
  | { readonly words: readonly string[]; readonly env?: Readonly<Record<string, string>> }
  /** The body of a function in the server's own process; it has `require`. */
  | { readonly code: string };

export interface Done {
  /** Of the process that the words became first, or of the server itself. */
  readonly pid: number;
  readonly status: number | null;
  readonly output: string;
  readonly errors?: string;
}

/** Does deeds, one after another: the same program is a server of MCP or a stranger, by the path that it lies at. */
export class Doer {
  readonly child: ChildProcess;
  readonly #answers: Done[] = [];

  constructor(script: string) {
    this.child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
    if (this.child.stdout === null) throw new Error('the output must be piped');
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#answers.push(JSON.parse(line)));
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('it was never started');
    return this.child.pid;
  }

  /** Waits until all of the deed is over, with what it left behind and holds its output. */
  async does(deed: Deed): Promise<Done> {
    this.child.stdin?.write(`${JSON.stringify(deed)}\n`);
    return until(JSON.stringify(deed), () => this.#answers.shift());
  }
}

export interface AttackedOptions {
  /** Files of the home, by relative path, that lie there before the daemon starts. */
  readonly files?: Readonly<Record<string, string>>;
  /** Appended to the server's script; what it names becomes part of its closure. */
  readonly imports?: string;
}

/** The process that an alert has to name, as far as it is known. */
export interface Expected {
  readonly pid?: number;
  readonly exe?: RegExp;
  /** Name of the server that the alert is about; the attacked one unless told. */
  readonly server?: string;
  /** Another process of the same server that it has to descend from. */
  readonly root?: number;
}

/** A daemon, a server whose approval it knows, and a stranger who does the same as the server. */
export class AttackedServer {
  readonly host: Host;
  readonly daemon: Program;
  readonly server: Doer;
  readonly stranger: Doer;
  /** Where the server may work: it is no part of its closure. */
  readonly directory: string;
  readonly script: string;
  readonly #ends: (() => unknown)[];

  private constructor(made: {
    readonly host: Host;
    readonly daemon: Program;
    readonly script: string;
    readonly ends: (() => unknown)[];
  }) {
    this.host = made.host;
    this.daemon = made.daemon;
    this.script = made.script;
    this.#ends = made.ends;
    this.directory = this.host.makeDirectory(this.host.at('work'));
    this.server = new Doer(made.script);
    this.stranger = new Doer(this.host.write('elsewhere/program.js', SERVER));
  }

  static async start({ files = {}, imports = '' }: AttackedOptions = {}): Promise<AttackedServer> {
    const ends: (() => unknown)[] = [];
    const context = { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext;
    const host = new Host(context);
    for (const [path, content] of Object.entries(files)) host.write(path, content);
    const script = host.write('srv/server.js', `${SERVER}${imports}`);
    host.writeConfig('.cursor/mcp.json', { one: { command: process.execPath, args: [script] } });
    await host.approve('cursor/one');
    const daemon = await host.up().ready();
    const [degraded] = daemon.named('agent_sensor_degraded');
    if (degraded !== undefined) {
      for (const end of ends) await end();
      throw new Error(`the kernel sensor does not run: ${JSON.stringify(degraded.event)}`);
    }
    return new AttackedServer({ host, daemon, script, ends });
  }

  async stop(): Promise<void> {
    this.server.child.kill('SIGKILL');
    this.stranger.child.kill('SIGKILL');
    for (const end of this.#ends) await end();
  }

  /** The first alert of a rule whose command line holds a mark, or that fits. */
  alert(rule: string, wanted: string | ((alert: Alert) => boolean)): Promise<Alert> {
    const fits = typeof wanted === 'string' ? (alert: Alert) => mentions(alert, wanted) : wanted;
    return this.daemon.alert(rule, fits);
  }

  /** Waits until all that happened before has been judged: alerts come in the order of their events. */
  async settled(): Promise<void> {
    const mark = `settled-${Math.random()}`;
    await this.server.does({ words: ['/bin/sh', '-c', `: ${mark}`] });
    await this.alert('mcp_shell_spawn', mark);
  }

  /** What was told of a mark, as names of rules. */
  told(mark: string): readonly string[] {
    return this.daemon.alerts.filter((alert) => mentions(alert, mark)).map(({ rule }) => rule.name);
  }

  /** Asserts that an alert names this server (or the one that it is about) and a process of its own. */
  assertOwn(alert: Alert, { pid, exe, server: about = 'one', root }: Expected = {}): void {
    const { actor, ancestry, server } = alert;
    assert.equal(server?.name, about);
    assert.equal(actor?.in_subtree, true);
    if (exe !== undefined) assert.match(actor.exe, exe);
    if (pid !== undefined) assert.equal(actor.pid, pid);
    const lineage = [actor.pid, ...ancestry.map((ancestor) => ancestor.pid)];
    assert.ok(lineage.includes(root ?? this.server.pid), JSON.stringify(ancestry));
  }
}

function mentions({ event, actor }: Alert, mark: string): boolean {
  return [event['CommandLine'], event['ParentCommandLine'], event['TargetFilename'], actor?.cmdline].some(
    (text) => String(text).includes(mark),
  );
}
