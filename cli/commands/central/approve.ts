import { readFileSync } from 'node:fs';
import * as z from 'zod';
import {
  addSignature,
  BUNDLE_PAYLOAD_TYPE,
  checkEnvelope,
  IN_TOTO_PAYLOAD_TYPE,
  openSigner,
  parseStatement,
  type Signer,
  type Statement,
} from '../../../approval/index.ts';
import { confirm } from '../../ask.ts';
import { CentralApi, type CentralApiOptions } from '../../central-api.ts';
import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { keySource } from '../../installation.ts';
import { type Output, printable } from '../../output.ts';
import { columns } from './desk.ts';

const EXPIRY_DAY_MS = 24 * 3_600_000;

const asksSchema = z.object({
  asks: z.array(z.object({ id: z.string(), client: z.string(), name: z.string(), servers: z.number() })),
});
const askSchema = z.object({
  id: z.string(),
  client: z.string(),
  name: z.string(),
  digest: z.string(),
  servers: z.number(),
  users: z.array(z.string()),
  findings: z.array(z.object({ id: z.string(), severity: z.string(), message: z.string() })),
  diff: z.object({
    against: z.string(),
    changes: z.array(z.object({ change: z.string(), role: z.string(), path: z.string() })),
    texts: z.array(z.object({ path: z.string(), diff: z.string() })),
  }),
});
type Ask = z.infer<typeof askSchema>;
const toSign = z.object({ payloadType: z.string(), payload: z.string() });
const decisionSchema = z.object({
  id: z.string(),
  state: z.string(),
  statement: toSign,
  signers: z.array(z.string()),
  needed: z.number(),
  bundle: toSign.nullable(),
  rollout: z.string().nullable(),
});
type Decision = z.infer<typeof decisionSchema>;
const bundleSchema = z.object({
  version: z.number(),
  approvals: z.array(z.unknown().transform((value) => checkEnvelope(value))),
});

export interface CentralApproveOptions extends CentralApiOptions {
  readonly stateDir: string;
  readonly yes: boolean;
  readonly key?: string;
  readonly owner?: string;
  readonly reason?: string;
  /** Days until it ends. */
  readonly expires?: number;
  readonly group?: readonly string[];
  readonly accept?: readonly string[];
  /** Policy file. */
  readonly policy?: string;
  /** Goes on with a decision that another approver began. */
  readonly decision?: string;
}

/** `sealwatch central approve`: shows what hosts ask for; with an id, signs it for the fleet by a key of one's own. */
export async function centralApprove(
  id: string | undefined,
  options: CentralApproveOptions,
  output: Output,
): Promise<ExitCode> {
  const api = new CentralApi(options);
  if (id === undefined) return await showQueue(api, output);
  const ask = askSchema.parse(await api.get(`/api/v1/approvals/queue/${encodeURIComponent(id)}`));
  show(ask, output);
  const begun = await begin(api, ask, options);
  const statement = checkedStatement(begun, ask, options);
  showStatement(statement, output);
  await confirm('Sign this for the fleet?', options);
  const signer = await openSigner(options.key, keySource(options.stateDir));
  const done = await sign(api, begun, signer);
  if (output.json) output.answerJson({ decision: done.id, state: done.state, rollout: done.rollout });
  else if (done.state === 'done')
    output.answer(`approved; rollout ${printable(done.rollout ?? '')} has begun`);
  else
    output.answer(
      `signed ${done.signers.length} of ${done.needed} times; another approver goes on with --decision ${done.id}`,
    );
  return EXIT.fine;
}

async function showQueue(api: CentralApi, output: Output): Promise<ExitCode> {
  const { asks } = asksSchema.parse(await api.get('/api/v1/approvals/queue'));
  if (output.json) output.answerJson({ asks });
  else if (asks.length === 0) output.answer('No host asks for anything.');
  else
    columns(
      [
        ['ask', 'server', 'hosts'],
        ...asks.map((one) => [one.id, printable(`${one.client}/${one.name}`), `${one.servers}`]),
      ],
      output,
    );
  return EXIT.fine;
}

function show({ client, name, digest, servers, users, findings, diff }: Ask, output: Output): void {
  if (output.json) return;
  output.say(printable(`${client}/${name}, closure ${digest}: ${servers} servers, of ${users.join(', ')}`));
  for (const { id, severity, message } of findings)
    output.say(printable(`  finding  ${severity}: ${message} (${id})`));
  for (const { change, role, path } of diff.changes)
    output.say(printable(`  ${change.padEnd(8)} ${role} ${path}`));
  for (const { path, diff: text } of diff.texts) {
    output.say(printable(`  ${path}`));
    for (const line of text.split('\n')) output.say(`    ${printable(line)}`);
  }
}

async function begin(api: CentralApi, ask: Ask, options: CentralApproveOptions): Promise<Decision> {
  if (options.decision !== undefined) {
    const path = `/api/v1/approvals/decisions/${encodeURIComponent(options.decision)}`;
    return decisionSchema.parse(await api.get(path));
  }
  if (options.owner === undefined) throw new CliError('CLI_USAGE', 'say who answers for it: --owner NAME');
  const { group = null, policy, expires } = options;
  const wish = {
    owner: options.owner,
    reason: options.reason ?? '',
    expires: expires === undefined ? null : new Date(Date.now() + expires * EXPIRY_DAY_MS).toISOString(),
    groups: group,
    accepted: options.accept ?? [],
    policy: policy === undefined ? null : readFileSync(policy, 'utf8'),
  };
  return decisionSchema.parse(await api.post(`/api/v1/approvals/queue/${ask.id}/approve`, wish));
}

/** Central says what to sign; it is held against what was asked for, since central may have been taken over. */
function checkedStatement({ statement }: Decision, ask: Ask, options: CentralApproveOptions): Statement {
  const stated = parseStatement(Buffer.from(statement.payload, 'base64'));
  const { server, contexts } = stated.predicate;
  const groups = contexts.host_groups ?? [];
  const isMeant =
    statement.payloadType === IN_TOTO_PAYLOAD_TYPE &&
    stated.subject[0]?.digest.sha256 === ask.digest &&
    server.client === ask.client &&
    server.name === ask.name &&
    (options.decision !== undefined ||
      JSON.stringify(groups) === JSON.stringify([...(options.group ?? [])].sort()));
  if (isMeant) return stated;
  throw new CliError('CLI_CENTRAL_REFUSED', 'central gives something else to sign than what was asked for');
}

/** What is signed, as the statement itself says it. */
function showStatement({ subject, predicate }: Statement, output: Output): void {
  if (output.json) return;
  const { contexts, expires, policy, owner, reason } = predicate;
  output.say(
    printable(
      `to be signed: ${subject.length - 1} artefacts, owner ${owner}, ${reason || 'no reason given'}`,
    ),
  );
  for (const { name, digest } of subject.slice(1))
    output.say(printable(`  ${digest.sha256.slice(0, 12)} ${name}`));
  output.say(
    printable(`  for ${contexts.host_groups?.join(', ') ?? 'all hosts'}, until ${expires ?? 'revoked'}`),
  );
  output.say(printable(`  policy ${policy === null ? 'none' : JSON.stringify(policy)}`));
}

async function sign(api: CentralApi, decision: Decision, signer: Signer): Promise<Decision> {
  const path = `/api/v1/approvals/decisions/${encodeURIComponent(decision.id)}/signatures`;
  const give = async ({ payloadType, payload }: z.infer<typeof toSign>) => {
    const envelope = await addSignature({ payloadType, payload, signatures: [] }, signer);
    return decisionSchema.parse(await api.post(path, { envelope }));
  };
  const signed = decision.state === 'signing' ? await give(decision.statement) : decision;
  if (signed.bundle === null) return signed;
  checkBundle(signed.bundle, decision);
  return await give(signed.bundle);
}

/** The bundle only says which approvals there are; each of them counts by its own signatures alone. */
function checkBundle({ payloadType, payload }: z.infer<typeof toSign>, { statement }: Decision): void {
  const { approvals } = bundleSchema.parse(JSON.parse(Buffer.from(payload, 'base64').toString()));
  if (payloadType === BUNDLE_PAYLOAD_TYPE && approvals.some((one) => one.payload === statement.payload))
    return;
  throw new CliError(
    'CLI_CENTRAL_REFUSED',
    'the bundle that central gives to sign does not carry this approval',
  );
}
