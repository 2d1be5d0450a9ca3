import { fullServer } from '../../agent/index.ts';
import { loadTrustFiles } from '../../approval/index.ts';
import { closureLines } from '../closure-lines.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Output, printable } from '../output.ts';
import { policyLines } from '../policy-lines.ts';
import { pick, type Selection, viewOf } from '../selection.ts';

/** `sealwatch show`: one server with its state and the sentence that explains it. */
export async function show(name: string, selection: Selection, output: Output): Promise<ExitCode> {
  const known = pick((await viewOf(selection).look(new Date())).servers, name);
  const server = fullServer(known);
  if (output.json) {
    const { reason, code, ruling, source, statement } = known.verdict;
    output.answerJson({ ...server, reason, code, ruling, source, approval: statement?.predicate ?? null });
    return EXIT.fine;
  }
  output.answer(
    `${server.client}/${printable(server.name)}: ${server.state}: ${printable(known.verdict.reason)}`,
  );
  output.answer(`  id       ${server.id}`);
  output.answer(`  config   ${printable(server.config_path)} (${server.scope})`);
  output.answer(
    `  starts   ${printable(server.command === null ? (server.url ?? '') : [server.command, ...server.args].join(' '))}`,
  );
  if (server.guarded) output.answer('  guarded  its client starts the guard, which starts it');
  output.answer(`  env      ${server.env_keys.map(printable).join(' ')}`);
  output.answer(`  closure  ${server.closure.digest}`);
  const lines = closureLines(server.closure.artefacts, ({ mode, owner }) => [mode, owner.padEnd(8)]);
  for (const line of lines) output.answer(`    ${line}`);
  const policy = known.verdict.statement?.predicate.policy ?? null;
  for (const line of policyLines(policy)) output.answer(`  policy   ${line}`);
  for (const finding of server.findings) {
    output.answer(`  finding  ${finding.severity}: ${printable(finding.message)} (${finding.id})`);
  }
  return EXIT.fine;
}

/** `sealwatch diff`: what changed since the approval, artefact by artefact. */
export async function diff(name: string, selection: Selection, output: Output): Promise<ExitCode> {
  const view = viewOf(selection);
  const known = pick((await view.look(new Date())).servers, name);
  view.keepCopies(known.discovered);
  const { state, reason } = known.verdict;
  const changes = known.verdict.changes.map((change) => ({
    ...change,
    diff: view.copies.diff(change.path, change.before, change.after),
  }));
  if (output.json) output.answerJson({ state, reason, changes });
  else {
    output.answer(`${printable(name)}: ${state}: ${printable(reason)}`);
    for (const change of changes) {
      const digests = `${change.before?.slice(0, 16) ?? 'none'} → ${change.after?.slice(0, 16) ?? 'none'}`;
      output.answer(`${change.change} ${change.role} ${printable(change.path)}  ${digests}`);
      if (change.diff !== null) output.answer(change.diff.split('\n').map(printable).join('\n'));
    }
  }
  return state === 'approved' ? EXIT.fine : EXIT.findings;
}

export interface VerifyOptions extends Selection {
  /** Public keys whose signatures count, in place of those of this host. */
  readonly trust?: readonly string[];
}

/**
 * `sealwatch verify`: state and reason of every server, one line each. With a root and no home it judges the servers of
 * those checkouts alone, by the approvals that are committed with them.
 */
export async function verify(options: VerifyOptions, output: Output): Promise<ExitCode> {
  const roots = options.home === undefined ? (options.root ?? []) : [];
  const trust = options.trust === undefined ? undefined : loadTrustFiles(options.trust, roots);
  const stores = roots.length > 0 ? 'committed' : 'all';
  const view = viewOf(
    roots.length > 0 ? { ...options, home: [] } : options,
    { stores, trust, facts: 'closure' },
    roots.length > 0,
  );
  const { servers } = await view.look(new Date());
  if (servers.length === 0) output.say('no server was found');
  for (const { discovered, verdict } of servers) {
    const { id, client, name } = discovered.server;
    const { state, reason, code } = verdict;
    if (output.json) output.answerJson({ id, client, name, state, reason, code });
    else output.answer(`${client}/${printable(name)}: ${state}: ${printable(reason)}`);
  }
  return servers.every((known) => known.verdict.state === 'approved') ? EXIT.fine : EXIT.findings;
}
