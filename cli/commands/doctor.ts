import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { askStatus, loadRules } from '../../agent/index.ts';
import { isExposed } from '../../approval/index.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Installation } from '../installation.ts';
import type { Output } from '../output.ts';

/** Inotify watches below which a developer's machine runs out. */
const ENOUGH_WATCHES = 16_384;

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint: string | null;
}

/** `sealwatch doctor`: what of this installation and host works, and what to do about the rest. */
export async function doctor(stateDir: string, install: Installation, output: Output): Promise<ExitCode> {
  const checks = [
    stateCheck(stateDir),
    sensorCheck(install),
    rulesCheck(install),
    watchesCheck(),
    await agentCheck(stateDir),
    await integrityCheck(stateDir),
  ];
  if (output.json) output.answerJson({ checks });
  else {
    for (const { name, ok, detail, hint } of checks) {
      output.answer(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}`);
      if (hint !== null) output.answer(`       hint: ${hint}`);
    }
  }
  return checks.every((check) => check.ok) ? EXIT.fine : EXIT.findings;
}

function stateCheck(stateDir: string): Check {
  const name = 'state directory';
  if (!existsSync(stateDir)) {
    return {
      name,
      ok: false,
      detail: `${stateDir} does not exist`,
      hint: 'it is made at the first `sealwatch up`',
    };
  }
  try {
    accessSync(stateDir, constants.R_OK | constants.W_OK);
  } catch {
    return {
      name,
      ok: false,
      detail: `${stateDir} is not writable by you`,
      hint: 'name another with --state-dir',
    };
  }
  const exposed = isExposed(stateDir);
  const hint = exposed ? `chmod go-w ${stateDir}` : null;
  return { name, ok: !exposed, detail: exposed ? `${stateDir} is writable by others` : stateDir, hint };
}

function sensorCheck(install: Installation): Check {
  const name = 'kernel sensor';
  if (install.sensor === null) {
    return {
      name,
      ok: false,
      detail: 'not built',
      hint: 'run `npm run build` as root; without it processes are sampled',
    };
  }
  const root = process.getuid?.() === 0;
  return {
    name,
    ok: root,
    detail: install.sensor,
    hint: root ? null : 'it needs root; without it processes are sampled',
  };
}

function rulesCheck(install: Installation): Check {
  const { rules, refused } = loadRules([install.rules]);
  const detail = `${rules.length} load, ${refused.length} are refused`;
  return {
    name: 'rules',
    ok: refused.length === 0,
    detail,
    hint: refused.length === 0 ? null : 'sealwatch rules check',
  };
}

function watchesCheck(): Check {
  const name = 'inotify watches';
  const path = '/proc/sys/fs/inotify/max_user_watches';
  if (!existsSync(path)) return { name, ok: true, detail: 'not used on this system', hint: null };
  const limit = Number(readFileSync(path, 'utf8'));
  const ok = limit >= ENOUGH_WATCHES;
  return {
    name,
    ok,
    detail: `${limit} allowed`,
    hint: ok ? null : `sysctl fs.inotify.max_user_watches=65536`,
  };
}

async function agentCheck(stateDir: string): Promise<Check> {
  const name = 'agent';
  try {
    const { pid, central } = await askStatus(stateDir);
    const detail = `pid ${pid}, ${central.connected ? 'connected to central' : 'not connected to central'}`;
    return {
      name,
      ok: central.connected,
      detail,
      hint: central.connected ? null : 'alerts wait in the spool',
    };
  } catch {
    return { name, ok: false, detail: 'not running', hint: 'start it with `sealwatch up`' };
  }
}

async function integrityCheck(stateDir: string): Promise<Check> {
  const name = 'integrity';
  const status = await askStatus(stateDir).catch(() => null);
  const line = status?.collectors.find((collector) => collector.name === name);
  if (line === undefined) return { name, ok: true, detail: 'not checked yet', hint: null };
  // A checkout has no manifest, which is no fault of it.
  const ok = line.state !== 'failed';
  const hint = 'the package manager says what differs (`dpkg --verify`, `rpm -V`); install the package anew';
  return { name, ok, detail: line.detail, hint: ok ? null : hint };
}
