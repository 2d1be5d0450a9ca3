import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KnownServer } from '../../agent/index.ts';
import { type EntryOutcome, type RewriteOutcome, rewriteConfigs } from '../../guard/index.ts';
import type { DiscoveredServer } from '../../inventory/index.ts';
import { configDiff } from '../config-diff.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { guardPath, HOST_STATE_DIR, stateDirOf } from '../installation.ts';
import { type Output, printable } from '../output.ts';
import { pick, type Selection, viewOf } from '../selection.ts';

export interface RewriteOptions extends Selection {
  readonly all?: boolean;
  readonly client?: string;
  readonly project?: string;
  readonly dryRun?: boolean;
}

type Verb = 'wrap' | 'unwrap';

const WORDS: Readonly<Record<Verb, Readonly<Record<EntryOutcome['kind'], string>>>> = {
  wrap: { changed: 'wrapped', settled: 'already', left: 'left', refused: 'cannot' },
  unwrap: { changed: 'unwrapped', settled: 'not wrapped', left: 'left', refused: 'cannot' },
};

/** `sealwatch wrap` and `unwrap`: the guard in front of servers, in the configs of their clients. */
export async function rewrite(
  verb: Verb,
  names: readonly string[],
  options: RewriteOptions,
  output: Output,
): Promise<ExitCode> {
  const { project, dryRun = false } = options;
  const stateDir = resolve(options.stateDir);
  const root = project === undefined ? {} : { root: [...(options.root ?? []), project] };
  const { servers } = await viewOf({ ...options, ...root }, { facts: 'closure' }).look(new Date());
  const outcome = rewriteConfigs({
    verb,
    servers: chosen(servers, names, options),
    all: servers.map(({ discovered }) => discovered),
    guard: guardPath(),
    guards: [guardPath()],
    stateDir,
    // That of the host binds every guard, and ordinary users could write nothing there.
    findsStateDir: (user) => stateDir === HOST_STATE_DIR || stateDir === stateDirOf(user),
    now: new Date(),
    isDry: dryRun,
  });
  if (output.json) output.answerJson(answerOf(verb, outcome, dryRun));
  else show(verb, outcome, dryRun, output);
  const kinds = outcome.entries.map((entry) => entry.outcome.kind);
  const isUndone = kinds.includes('refused') || (names.length > 0 && kinds.includes('left'));
  return isUndone ? EXIT.findings : EXIT.fine;
}

/** Servers by name, else all that the options leave. @throws {CliError} where nothing says which */
function chosen(
  servers: readonly KnownServer[],
  names: readonly string[],
  { all = false, client, project }: RewriteOptions,
): readonly DiscoveredServer[] {
  if (names.length > 0 && all) throw new CliError('CLI_USAGE', 'name servers or say --all, not both');
  if (names.length === 0 && !all && client === undefined && project === undefined)
    throw new CliError('CLI_USAGE', 'no server is named', {
      hint: 'name servers, or say --client, --project or --all',
    });
  const directories = project === undefined ? [] : [resolve(project), realPath(resolve(project))];
  const left = servers.filter(
    ({ discovered: { server } }) =>
      (client === undefined || server.client === client) &&
      (project === undefined || (server.project !== null && directories.includes(server.project))),
  );
  const picked = names.length === 0 ? left : names.map((name) => pick(left, name));
  return [...new Set(picked)].map(({ discovered }) => discovered);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function answerOf(verb: Verb, { entries, files }: RewriteOutcome, dryRun: boolean) {
  return {
    verb,
    dry_run: dryRun,
    servers: entries.map(({ found: { server }, outcome }) => ({
      id: server.id,
      client: server.client,
      name: server.name,
      config_path: server.config_path,
      outcome: outcome.kind,
      code: 'code' in outcome ? outcome.code : null,
      reason: 'reason' in outcome ? outcome.reason : null,
      hint: 'hint' in outcome ? outcome.hint : null,
    })),
    files: files.map((file) => ({ path: file.path, backup: file.backup, diff: configDiff(file) })),
  };
}

function show(verb: Verb, { entries, files }: RewriteOutcome, dryRun: boolean, output: Output): void {
  if (dryRun)
    for (const file of files) output.answer(configDiff(file).split('\n').map(printable).join('\n').trimEnd());
  const rows = entries.map(({ found: { server }, outcome }) => [
    dryRun && outcome.kind === 'changed' ? `would be ${WORDS[verb].changed}` : WORDS[verb][outcome.kind],
    `${server.client}/${printable(server.name)}`,
    'reason' in outcome ? reasonOf(outcome) : printable(server.config_path),
  ]);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    output.answer(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  if (files.length === 0) output.say('nothing to do');
  for (const { path, backup } of files)
    if (backup !== null) output.say(`${printable(path)} is kept as ${printable(backup)}`);
  const restart = 'clients start their servers this way when they start next';
  if (files.length > 0 && !dryRun) output.say(restart);
}

function reasonOf({ reason, hint }: Extract<EntryOutcome, { reason: string }>): string {
  return printable(hint === null ? reason : `${reason}; ${hint}`);
}
