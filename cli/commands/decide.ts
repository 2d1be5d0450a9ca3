import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import * as z from 'zod';
import { fullServer, type HostSight, type HostView, type KnownServer } from '../../agent/index.ts';
import {
  type ApprovalRequest,
  type Contexts,
  openSigner,
  type Policy,
  type SignedDecision,
} from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import { ask, confirm } from '../ask.ts';
import { chooseTools, withTools } from '../chosen-tools.ts';
import { closureLines } from '../closure-lines.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { keySource } from '../installation.ts';
import { type Output, printable } from '../output.ts';
import { policyLines } from '../policy-lines.ts';
import { pick, type Selection, viewOf } from '../selection.ts';
import { loadPolicy } from './policy.ts';

const MAX_EXPIRY_DAYS = 3_660;

export interface DecideOptions extends Selection {
  readonly yes: boolean;
  readonly owner?: string;
  readonly reason?: string;
  /** Days until it ends. */
  readonly expires?: number;
  /** Name of the key that signs. */
  readonly key?: string;
  /** Findings that are accepted although production asks otherwise. */
  readonly accept?: readonly string[];
  /** Host groups that it is for. */
  readonly group?: readonly string[];
  /** Keeps it beside the server's project, to be committed. */
  readonly project?: boolean;
  /** File that says what it may do while it runs; false gives up the policy that it has. */
  readonly policy?: string | false;
  /** The tools that it may offer: `seen`, or a recorded answer to `tools/list`. */
  readonly tools?: string;
  /** Lets it hold for every user. */
  readonly anyUser?: boolean;
}

export interface RolloutOptions extends DecideOptions {
  readonly all?: boolean;
  /** Answer of `scan --json` that says what was looked at. */
  readonly fromScan?: string;
}

function daysAfter(start: Date, days: number): Date {
  const end = new Date(start);
  end.setUTCDate(end.getUTCDate() + days);
  return end;
}

function checkedDays(days: number | undefined): number | undefined {
  if (days === undefined || (Number.isInteger(days) && days > 0 && days <= MAX_EXPIRY_DAYS)) return days;
  throw new CliError('CLI_USAGE', `--expires takes a number of days from 1 to ${MAX_EXPIRY_DAYS}`);
}

/** What was not said on the command line is asked for, where somebody is there. */
async function completed(known: KnownServer, options: DecideOptions): Promise<DecideOptions> {
  if (options.yes) return options;
  const { user } = known.discovered.server;
  const owner = options.owner ?? ((await ask(`Who answers for it? [${user}] `)) || user);
  const days = options.expires ?? Number((await ask('Days until it ends? [never] ')) || Number.NaN);
  const expires = Number.isNaN(days) ? undefined : checkedDays(days);
  return { ...options, owner, ...(expires === undefined ? {} : { expires }) };
}

/** An approval is for the profile it was given under; what production takes, a developer may run. */
function contextsOf(known: KnownServer, options: DecideOptions, profile: Profile): Contexts {
  const { user, scope } = known.discovered.server;
  const everyone = options.anyUser === true || options.project === true || scope === 'managed';
  return {
    profiles: profile === 'production' ? ['developer', 'production'] : ['developer'],
    host_groups: options.group === undefined ? null : [...options.group],
    users: everyone ? null : [user],
  };
}

/** Who decides about a server, why and until when. */
async function requestOf(
  known: KnownServer,
  options: DecideOptions,
  {
    view,
    sight,
    policy,
  }: { readonly view: HostView; readonly sight: HostSight; readonly policy: Policy | null },
): Promise<ApprovalRequest> {
  const now = new Date();
  const { server } = known.discovered;
  if (options.project === true && server.project === null)
    throw new CliError('CLI_USAGE', `${server.client}/${server.name} belongs to no project`);
  return {
    owner: options.owner ?? server.user,
    approver: userInfo().username,
    reason: options.reason ?? '',
    expires: options.expires === undefined ? null : daysAfter(now, options.expires),
    now,
    contexts: contextsOf(known, options, view.profile),
    accepted: options.accept ?? [],
    policy,
    signer: await openSigner(options.key, keySource(options.stateDir)),
    project: options.project === true ? server.project : null,
    known: sight.stored,
  };
}

/** What was said once holds on: an approval that is given again keeps the policy unless told otherwise. */
async function policyOf({ verdict }: KnownServer, { policy }: DecideOptions): Promise<Policy | null> {
  if (policy === false) return null;
  return policy === undefined ? (verdict.statement?.predicate.policy ?? null) : loadPolicy(policy);
}

/** The policy that is to be signed, and what a person should know of the tools that it names. */
async function chosenPolicy(
  known: KnownServer,
  options: DecideOptions,
): Promise<{ readonly policy: Policy | null; readonly lines: readonly string[] }> {
  const policy = await policyOf(known, options);
  if (options.tools === undefined) return { policy, lines: [] };
  const { server } = known.discovered;
  const choice = chooseTools(server, options.tools, options.stateDir);
  return { policy: await withTools(policy, choice.tools, options.tools), lines: choice.lines };
}

/** Findings first: they are what the question is about. */
function showClosure(known: KnownServer, output: Output): void {
  const server = fullServer(known);
  output.say(`${server.client}/${printable(server.name)} (${printable(server.config_path)})`);
  for (const finding of server.findings)
    output.say(`  finding  ${finding.severity}: ${printable(finding.message)} (${finding.id})`);
  for (const line of closureLines(server.closure.artefacts)) output.say(`  ${line}`);
}

/** `sealwatch approve`: shows what will be sealed, asks, and signs it. */
export async function approve(
  name: string | undefined,
  options: RolloutOptions,
  output: Output,
): Promise<ExitCode> {
  checkedDays(options.expires);
  if (options.all === true) return approveAll(options, output);
  if (name === undefined || options.fromScan !== undefined)
    throw new CliError('CLI_USAGE', 'name one server, or say --all --from-scan FILE');
  const view = viewOf(options);
  const sight = await view.look(new Date());
  const known = pick(sight.servers, name);
  const { policy, lines } = await chosenPolicy(known, options);
  if (!output.json) {
    showClosure(known, output);
    for (const line of policyLines(policy)) output.say(`  policy   ${line}`);
    for (const line of lines) output.say(`  tool     ${line}`);
  }
  const told = await completed(known, options);
  await confirm('Seal this?', options);
  view.keepCopies(known.discovered);
  const request = await requestOf(known, told, { view, sight, policy });
  const { statement, path } = await view.approvals.approve(known.discovered.server, request);
  if (output.json) output.answerJson(statement);
  else {
    output.answer(`approved ${printable(name)}: closure ${known.discovered.server.closure.digest}`);
    if (request.project !== null) output.answer(`to be committed: ${printable(path)}`);
  }
  return EXIT.fine;
}

const scanSchema = z.object({
  servers: z.array(z.object({ id: z.string(), closure: z.object({ digest: z.string() }) })),
});

function scannedDigests(path: string): ReadonlyMap<string, string> {
  try {
    const { servers } = scanSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return new Map(servers.map(({ id, closure }) => [id, closure.digest]));
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} is not the answer of scan --json`, { cause });
  }
}

/** Approves what a scan showed, and nothing that has changed since or that it did not show. */
async function approveAll(options: RolloutOptions, output: Output): Promise<ExitCode> {
  if (options.fromScan === undefined)
    throw new CliError('CLI_USAGE', '--all needs --from-scan FILE: only what somebody has seen is approved');
  const scanned = scannedDigests(options.fromScan);
  const view = viewOf(options);
  const sight = await view.look(new Date());
  const seen = (known: KnownServer) =>
    scanned.get(known.discovered.server.id) === known.discovered.server.closure.digest;
  const chosen = sight.servers.filter((known) => seen(known) && known.verdict.state !== 'approved');
  const skipped = sight.servers.filter((known) => !seen(known));
  await confirm(`Seal ${chosen.length} servers?`, options);
  let refused = 0;
  for (const known of chosen) {
    const { server } = known.discovered;
    const label = `${server.client}/${printable(server.name)}`;
    try {
      view.keepCopies(known.discovered);
      const { policy } = await chosenPolicy(known, options);
      const request = await requestOf(known, options, { view, sight, policy });
      const decision: SignedDecision = await view.approvals.approve(server, request);
      if (output.json) output.answerJson(decision.statement);
      else output.answer(`approved ${label}`);
    } catch (error) {
      refused += 1;
      output.say(`not approved ${label}: ${error instanceof Error ? printable(error.message) : error}`);
    }
  }
  for (const { discovered } of skipped)
    output.say(
      `not approved ${discovered.server.client}/${printable(discovered.server.name)}: the scan did not see it as it is now`,
    );
  return refused + skipped.length === 0 ? EXIT.fine : EXIT.findings;
}

/** `sealwatch cosign`: adds a signature to an approval that needs more than one. */
export async function cosign(name: string, options: DecideOptions, output: Output): Promise<ExitCode> {
  const view = viewOf(options);
  const sight = await view.look(new Date());
  const known = pick(sight.servers, name);
  const { server } = known.discovered;
  const approval = view.approvals.newest(server, sight.stored);
  if (approval === null)
    throw new CliError('CLI_USAGE', `${name} has no approval to sign`, { hint: `sealwatch approve ${name}` });
  if (!output.json) showClosure(known, output);
  await confirm('Sign the approval of this?', options);
  const signer = await openSigner(options.key, keySource(options.stateDir));
  const { statement } = await view.approvals.cosign(server, approval, signer);
  if (output.json) output.answerJson(statement);
  else output.answer(`signed the approval of ${printable(name)} as ${signer.name}`);
  return EXIT.fine;
}

/** `sealwatch revoke`: signs that a server may no longer run. */
export async function revoke(name: string, options: DecideOptions, output: Output): Promise<ExitCode> {
  const view = viewOf(options);
  const sight = await view.look(new Date());
  const known = pick(sight.servers, name);
  await confirm(`Revoke ${printable(name)}?`, options);
  const policy = await policyOf(known, options);
  const request = await requestOf(known, options, { view, sight, policy });
  const everywhere: Contexts = { profiles: null, host_groups: null, users: null };
  const { statement } = await view.approvals.revoke(known.discovered.server, {
    ...request,
    contexts: everywhere,
  });
  if (output.json) output.answerJson(statement);
  else output.answer(`revoked ${printable(name)}`);
  return EXIT.fine;
}
