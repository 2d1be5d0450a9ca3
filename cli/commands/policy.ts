import * as z from 'zod';
import {
  Authoriser,
  CEDAR_SCHEMA,
  type Policy,
  type PolicyDecision,
  policyInvalid,
  readPolicy,
  toolDigest,
} from '../../approval/index.ts';
import { homeAsUser } from '../../inventory/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { readInput } from '../input-text.ts';
import { type Output, printable } from '../output.ts';

/** Bytes of a policy, a list of tools or requests. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;
const MAX_REQUESTS = 10_000;

/** The policy of a file. @throws {ApprovalError} with all its faults */
export async function loadPolicy(path: string): Promise<Policy> {
  const read = await readPolicy(readInput(path, MAX_INPUT_BYTES));
  if (read.kind === 'refused') throw policyInvalid(path, read.faults);
  return read.policy;
}

/** `sealwatch policy check`: whether an approval would take it, and how it would be signed. */
export async function policyCheck(path: string, output: Output): Promise<ExitCode> {
  const read = await readPolicy(readInput(path, MAX_INPUT_BYTES));
  if (read.kind === 'refused') {
    if (output.json)
      output.answerJson({ valid: false, problems: read.faults.map((fault) => ({ path, ...fault })) });
    else
      for (const { line, column, message, code } of read.faults)
        output.say(`${path}:${line}:${column}: ${printable(message)} (${code})`);
    return EXIT.findings;
  }
  if (output.json) output.answerJson({ valid: true, policy: read.policy, problems: [] });
  else output.answer(`${path} holds`);
  return EXIT.fine;
}

/** `sealwatch policy schema`: what Cedar policies may speak of. */
export function policySchema(output: Output): ExitCode {
  output.answer(CEDAR_SCHEMA.trimEnd());
  return EXIT.fine;
}

const toolsSchema = z.union([
  z.object({ result: z.object({ tools: z.array(z.unknown()) }) }).transform(({ result }) => result.tools),
  z.object({ tools: z.array(z.unknown()) }).transform(({ tools }) => tools),
  z.array(z.unknown()),
]);

/** The definitions in a recorded answer to `tools/list`; `-` is stdin. @throws {CliError} */
export function recordedTools(path: string): readonly unknown[] {
  return parseJson(readInput(path, MAX_INPUT_BYTES), toolsSchema, path, 'an answer to tools/list');
}

/** `sealwatch policy tools`: the tools of a `tools/list` answer as they go into a policy. */
export function policyTools(path: string, output: Output): ExitCode {
  const tools = recordedTools(path).map((definition) => ({
    name: nameOf(definition),
    digest: toolDigest(definition),
  }));
  if (output.json) output.answerJson({ tools });
  else {
    output.answer('tools:');
    for (const { name, digest } of tools)
      output.answer(`  - { name: ${JSON.stringify(name)}, digest: ${digest} }`);
  }
  return EXIT.fine;
}

function nameOf(definition: unknown): string {
  return z.object({ name: z.string() }).parse(definition).name;
}

const requestSchema = z.union([
  z.strictObject({
    call: z.strictObject({
      tool: z.string(),
      digest: z.string().nullable().default(null),
      arguments: z.unknown().default({}),
    }),
  }),
  z.strictObject({ program: z.strictObject({ path: z.string(), shell: z.boolean().default(false) }) }),
  z.strictObject({
    connection: z.strictObject({
      names: z.array(z.string()).default([]),
      address: z.string().nullable().default(null),
      port: z.number().int(),
    }),
  }),
  z.strictObject({ write: z.strictObject({ path: z.string() }) }),
]);
type Request = z.infer<typeof requestSchema>;

/** `sealwatch policy try`: what a policy says of requests, one JSON object a line. */
export async function policyTry(path: string, requests: string, output: Output): Promise<ExitCode> {
  const authoriser = await Authoriser.open(await loadPolicy(path), trialSubject());
  const lines = readInput(requests, MAX_INPUT_BYTES)
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length > MAX_REQUESTS)
    throw new CliError('CLI_USAGE', `${requests} holds over ${MAX_REQUESTS} requests`);
  let denied = 0;
  for (const [index, line] of lines.entries()) {
    const request = parseJson(line, requestSchema, `${requests}: request ${index}`, 'a request');
    const decision = decide(authoriser, request);
    if (decision.decision === 'deny') denied += 1;
    if (output.json) output.answerJson({ request: index, ...decision });
    else if (decision.decision === 'allow') output.answer(`request ${index}: allow`);
    else output.answer(`request ${index}: deny, ${printable(decision.reason)} (${decision.code})`);
  }
  return denied === 0 ? EXIT.fine : EXIT.findings;
}

function decide(authoriser: Authoriser, request: Request): PolicyDecision {
  const moment = { now: new Date(), monotonic: performance.now() };
  if ('call' in request) return authoriser.call(request.call, moment);
  if ('program' in request) return authoriser.program(request.program.path, request.program, moment);
  if ('connection' in request) return authoriser.connection(request.connection, moment);
  return authoriser.write(request.write.path, moment);
}

/** The caller's own home and working directory stand for `~` and `${project}`. */
function trialSubject(): Parameters<typeof Authoriser.open>[1] {
  const { home, name } = homeAsUser(process.env['HOME'] ?? '/');
  return {
    server: { client: 'trial', scope: 'user', config: '', name: 'trial' },
    closure: '',
    owner: name,
    user: name,
    profile: 'developer',
    hostGroup: null,
    anchors: { home: [home], project: [process.cwd()] },
  };
}

function parseJson<T>(text: string, schema: z.ZodType<T>, path: string, what: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} is not ${what}`, { cause });
  }
}
