import { resolve } from 'node:path';
import {
  type Agent,
  type AgentStatus,
  askStatus,
  loadConfig,
  readTokenFile,
  rereadConfig,
  ruleSettings,
  startAgent,
  unitDirectories,
} from '../../agent/index.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { guardPath, type Installation } from '../installation.ts';
import { makeLog } from '../logger.ts';
import type { Output } from '../output.ts';
import { usersOf } from '../selection.ts';
import { stopSignal, untilAborted } from '../stop-signal.ts';

/** `sealwatch agent run`: the daemon by its config file, logging JSON to stderr. SIGHUP has it read its rules anew. */
export async function agentRun(file: string, install: Installation, output: Output): Promise<ExitCode> {
  const running: { agent: Agent | null; isAsked: boolean } = { agent: null, isAsked: false };
  const stopped = stopSignal(
    () => {},
    () => {
      running.isAsked = running.agent === null;
      running.agent?.reloadRules();
    },
  );
  const config = loadConfig(file);
  const log = makeLog('json', 'info');
  const agent = await startAgent({
    stateDir: config.state_dir,
    profile: config.profile,
    group: config.group,
    systemTrust: config.trust_dir,
    denial: config.denial,
    fileActor: config.file_actor === 'auto',
    pin: config.pin_dir,
    execPermission: config.exec_permission === 'on',
    users: usersOf(config.homes),
    roots: config.roots,
    guards: [guardPath()],
    rules: {
      builtin: [install.rules],
      settings: ruleSettings(config),
      config: { path: resolve(file), read: () => rereadConfig(file, config) },
    },
    sensorPath: config.sensor === 'off' ? null : install.sensor,
    ...(config.sensor === 'off' ? { sensorReason: 'switched off in the config' } : {}),
    protection: {
      root: install.root,
      config: resolve(file),
      unitDirectories: unitDirectories(),
      checkMs: config.integrity_check_minutes * 60_000,
    },
    stoppingFile: config.stopping_file,
    central: {
      url: config.central.url.replace(/\/$/, ''),
      token: () => readTokenFile(config.central.token_file),
    },
    version: install.version,
    log,
    onHealth: ({ collector, state, detail }) => log.info('collector', { collector, state, detail }),
  });
  running.agent = agent;
  // What the rules were read from may have changed before the signal came.
  if (running.isAsked) agent.reloadRules();
  output.say('sealwatch: ready');
  await untilAborted(stopped);
  await agent.stop();
  return EXIT.fine;
}

/** `sealwatch agent status` / `sealwatch status`: what a running agent says of itself. */
export async function status(stateDir: string, output: Output): Promise<ExitCode> {
  const now = await askStatus(stateDir);
  if (output.json) output.answerJson(now);
  else {
    const { central, rules } = now;
    const servers = Object.entries(now.servers).map(([state, count]) => `${count} ${state}`);
    output.answer(`agent     ${now.agent} version ${now.version}, pid ${now.pid}, since ${now.started}`);
    output.answer(
      `central   ${central.connected ? 'connected' : 'not connected'}, ${central.waiting} alerts waiting`,
    );
    output.answer(`identity  ${identityLine(central.enrolment)}`);
    output.answer(`servers   ${servers.join(', ') || 'none'}; ${now.problems} problems`);
    output.answer(`rules     ${rulesLine(rules)}`);
    for (const { name, state, detail } of now.collectors)
      output.answer(`${name.padEnd(17)} ${state} ${detail}`);
    for (const [stage, count] of Object.entries(now.lost)) output.answer(`lost      ${count} at ${stage}`);
  }
  return EXIT.fine;
}

function identityLine({ state, detail, expires, key }: AgentStatus['central']['enrolment']): string {
  if (state !== 'enrolled') return `${state}: ${detail}`;
  return `enrolled, certificate until ${expires}, key in ${key === 'tpm' ? 'the TPM' : 'a file'}`;
}

function rulesLine({
  loaded,
  refused,
  warnings,
  pack,
  pack_refused,
  reloaded,
}: AgentStatus['rules']): string {
  const signed = pack === null ? [] : [`signed pack ${pack.name} ${pack.version}`];
  const offered = pack_refused ? ['an offered pack is refused'] : [];
  const counts = `${loaded} loaded, ${refused} refused, ${warnings} warnings`;
  return [counts, ...signed, ...offered, `read ${reloaded}`].join('; ');
}
