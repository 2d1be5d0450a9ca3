import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Agent, AgentError, askStatus, DEFAULT_RULE_SETTINGS, startAgent } from '../../agent/index.ts';
import { type Central, fileFeed, identitySettings, openCentral } from '../../central/index.ts';
import type { Alert, Health, Profile } from '../../wire/index.ts';
import { alertLines } from '../alert-line.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { guardPath, type Installation, SYSTEM_TRUST } from '../installation.ts';
import { parseListen } from '../listen.ts';
import { makeLog } from '../logger.ts';
import type { Output } from '../output.ts';
import { type Selection, usersOf } from '../selection.ts';
import { stopSignal, untilAborted } from '../stop-signal.ts';
import { problemLine, serverTable } from '../table.ts';

/** Milliseconds that the token of this host's agent is good for. */
const TOKEN_MS = 60_000;
/** Milliseconds between two checks of this installation. */
const INTEGRITY_CHECK_MS = 3_600_000;

export interface UpOptions extends Selection {
  readonly profile: Profile;
  readonly listen: string;
  readonly feed?: string;
  /** Rule files or directories beside the pack that comes with Sealwatch. */
  readonly rules?: readonly string[];
}

/** `sealwatch up`: central and agent on this host, until SIGINT or SIGTERM. */
export async function up(options: UpOptions, install: Installation, output: Output): Promise<ExitCode> {
  const stopped = stopSignal(() => output.say('sealwatch: stopping; once more ends it at once'));
  const stateDir = resolve(options.stateDir);
  const feed = resolve(options.feed ?? join(stateDir, 'feed', 'ocsf.jsonl'));
  prepare(stateDir, feed);
  await refuseSecond(stateDir);
  const log = makeLog('plain', 'warn');
  const central = await openCentral({
    databasePath: join(stateDir, 'central.db'),
    ...parseListen(options.listen),
    anonymous: 'viewer',
    identity: identitySettings.parse({ listen: '127.0.0.1:0', directory: join(stateDir, 'authority') }),
    feeds: [fileFeed(feed)],
    version: install.version,
    rulesDirectory: install.rules,
    // The agent of this very program stops with it.
    silence: { tell_stops: false },
    log,
    onAlert: (alert) => tell(alert, output),
  });
  let agent: Agent | null = null;
  try {
    agent = await startAgent({
      stateDir,
      profile: options.profile,
      group: null,
      systemTrust: SYSTEM_TRUST,
      denial: 'end',
      fileActor: true,
      pin: null,
      execPermission: false,
      users: usersOf(options.home),
      roots: (options.root ?? []).map((root) => resolve(root)),
      guards: [guardPath()],
      rules: {
        builtin: [install.rules],
        settings: { ...DEFAULT_RULE_SETTINGS, rules: (options.rules ?? []).map((path) => resolve(path)) },
        config: null,
      },
      sensorPath: install.sensor,
      protection: { root: install.root, config: null, unitDirectories: [], checkMs: INTEGRITY_CHECK_MS },
      stoppingFile: null,
      central: { url: central.agentUrl, token: () => ownToken(central) },
      version: install.version,
      log,
      onHealth: (health) => tellHealth(health, output),
    });
    introduce(agent, central, feed, output);
    await untilAborted(stopped);
  } finally {
    await agent?.stop();
    await central.stop();
  }
  output.say('sealwatch: stopped');
  return EXIT.fine;
}

function prepare(stateDir: string, feed: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    mkdirSync(dirname(feed), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${stateDir} cannot be made`, {
      cause,
      hint: 'give a directory of your own with --state-dir',
    });
  }
  // The agent watches approvals and trust roots from the start, so that the first of them is noticed.
  for (const name of ['approvals', 'trust'])
    mkdirSync(join(stateDir, name), { recursive: true, mode: 0o755 });
}

async function refuseSecond(stateDir: string): Promise<void> {
  const running = await askStatus(stateDir).catch(() => null);
  if (running === null) return;
  throw new AgentError(
    'AGENT_ALREADY_RUNNING',
    `Sealwatch already runs on ${stateDir} (pid ${running.pid})`,
    {
      hint: 'stop it first, or give another --state-dir and --listen',
    },
  );
}

/** A token for the agent of this very host, made where it asks for one. */
async function ownToken(central: Central): Promise<string> {
  const wish = { group: '', count: 1, expiresMs: TOKEN_MS, actor: 'central' };
  return (await central.identity.createEnrolmentToken(wish)).text;
}

function introduce(agent: Agent, central: Central, feed: string, output: Output): void {
  if (!output.json) output.answer(serverTable(agent.servers, output));
  for (const problem of agent.problems) output.say(`problem: ${problemLine(problem)}`);
  if (process.getuid?.() !== 0) {
    output.say('degraded: not root: only the configs of this user are looked at');
    output.say('degraded: not root: trust roots are files of this user, who could rewrite them');
  }
  output.say(`alerts   ${central.url}/api/v1/alerts`);
  output.say(`feed     ${feed}`);
  output.say('sealwatch: ready');
}

function tell(alert: Alert, output: Output): void {
  if (output.json) output.answerJson(alert);
  else output.answer(alertLines(alert, output));
}

function tellHealth({ state, collector, detail }: Health, output: Output): void {
  if (state !== 'ok') output.say(`degraded: ${collector}: ${detail}`);
}
