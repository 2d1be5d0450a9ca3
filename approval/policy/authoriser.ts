import { type Anchors, portablePath } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { ServerIdentity } from '../statement/statement.ts';
import { type CompiledCondition, compileCondition } from './argument.ts';
import { callValues } from './call-values.ts';
import { type CedarEntity, CedarPolicies, type CedarRequest, datetime, reference } from './cedar.ts';
import { ALLOW, deny, type PolicyDecision } from './denial.ts';
import { type Destination, DestinationPatterns, plainAddress } from './destination.ts';
import { PathPatterns } from './path-pattern.ts';
import type { ClientFeature, Policy } from './policy.ts';
import { RateWindow } from './rate-window.ts';

/** The server that a policy speaks about, where it runs. */
export interface PolicySubject {
  readonly server: ServerIdentity;
  /** Digest of its closure. */
  readonly closure: string;
  readonly owner: string;
  readonly user: string;
  readonly profile: Profile;
  readonly hostGroup: string | null;
  /** What `~` and `${project}` stand for. */
  readonly anchors: Anchors;
}

/** One `tools/call` (MCP 2025-11-25). */
export interface ToolCall {
  readonly tool: string;
  /** `toolDigest` of the definition that the server gave; null where it gave none. */
  readonly digest: string | null;
  readonly arguments: unknown;
}

/** The moment of a request. */
export interface Moment {
  readonly now: Date;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: number;
}

/**
 * Decides what a server may do by the policy of its approval: the lists first, then Cedar where the policy has
 * any. Both must allow. Nothing here reads a file or the network; paths must be resolved by the caller.
 */
export class Authoriser {
  readonly #policy: Policy;
  readonly #subject: PolicySubject;
  readonly #cedar: CedarPolicies | null;
  readonly #tools: ReadonlyMap<string, ReadonlySet<string | null>> | null;
  readonly #executables: PathPatterns | null;
  readonly #writable: PathPatterns | null;
  readonly #destinations: DestinationPatterns | null;
  readonly #conditions: readonly CompiledCondition[];
  readonly #rates: readonly RateWindow[];

  private constructor(policy: Policy, subject: PolicySubject, cedar: CedarPolicies | null) {
    const { anchors } = subject;
    const paths = (patterns: readonly string[] | null) =>
      patterns === null ? null : new PathPatterns(patterns, anchors);
    this.#policy = policy;
    this.#subject = subject;
    this.#cedar = cedar;
    this.#tools = policy.tools === null ? null : digestsByName(policy.tools);
    this.#executables = paths(policy.executables);
    this.#writable = paths(policy.writable_paths);
    this.#destinations = policy.destinations === null ? null : new DestinationPatterns(policy.destinations);
    this.#conditions = (policy.arguments ?? []).map((condition) => compileCondition(condition, anchors));
    this.#rates = (policy.rate ?? []).map((rate) => new RateWindow(rate));
  }

  /** @throws {ApprovalError} where the policy holds Cedar that cannot be loaded or does not validate */
  static async open(policy: Policy, subject: PolicySubject): Promise<Authoriser> {
    const cedar = policy.cedar === undefined ? null : await CedarPolicies.load(policy.cedar);
    return new Authoriser(policy, subject, cedar);
  }

  /** Whether a tool may be called. A call that is allowed counts towards the rates. */
  call(call: ToolCall, moment: Moment): PolicyDecision {
    const decision = this.examine(call, moment);
    if (decision.decision === 'allow') this.count(call, moment);
    return decision;
  }

  /** Notes a call that is made. */
  count({ tool }: Pick<ToolCall, 'tool'>, { monotonic }: Moment): void {
    for (const window of this.#rates) if (window.counts(tool)) window.note(monotonic);
  }

  /** Whether a tool may be called; nothing is counted. */
  examine(call: ToolCall, { now, monotonic }: Moment): PolicyDecision {
    const fault = this.#toolFault(call) ?? this.#argumentFault(call);
    if (fault !== null) return fault;
    const full = this.#rates.find((window) => window.counts(call.tool) && !window.hasRoom(monotonic));
    if (full !== undefined) {
      const { calls, seconds } = full.rate;
      return deny('DENIED_RATE', `more than ${calls} calls in ${seconds} s`);
    }
    return this.#cedarCall(call, now);
  }

  /** Whether tools are listed, so that no other may be called. */
  get listsTools(): boolean {
    return this.#tools !== null;
  }

  /** Whether a tool with this definition is among those that may be called at all. */
  tool(tool: string, digest: string | null): PolicyDecision {
    return this.#toolFault({ tool, digest }) ?? ALLOW;
  }

  /** Whether every call of a tool with this definition is allowed, whatever is in it, whenever and however often. */
  decidesByName(tool: string, digest: string | null): boolean {
    return (
      this.#cedar === null &&
      this.#toolFault({ tool, digest }) === null &&
      !this.#conditions.some((condition) => condition.tool === '*' || condition.tool === tool) &&
      !this.#rates.some((window) => window.counts(tool)) &&
      !this.asksAbout(tool)
    );
  }

  /** Whether a program may be started; `path` is that of the file that is executed. */
  program(path: string, { shell }: { readonly shell: boolean }, { now }: Moment): PolicyDecision {
    if (shell && !this.#policy.shells)
      return deny('DENIED_SHELL', `${path} is a shell, and shells are not approved`);
    // An approved shell need not be named once more.
    if (!shell && this.#executables?.match(path) === false)
      return deny('DENIED_EXECUTABLE', `${path} is not among the approved programs`);
    const attributes = { path, portable: portablePath(path, this.#subject.anchors), shell };
    return this.#ask('startProgram', { type: 'Program', id: path, attributes }, now);
  }

  /** The lists about programs as the kernel can hold to them: `programs` null where it cannot, or all may run. */
  get execLists(): { readonly shells: boolean; readonly programs: readonly string[] | null } {
    return { shells: this.#policy.shells, programs: this.#executables?.exact ?? null };
  }

  /** Whether a connection may be made. */
  connection(destination: Destination, { now }: Moment): PolicyDecision {
    const { names, address, port } = destination;
    const id = `${address ?? names[0] ?? ''} port ${port}`;
    if (this.#destinations?.match(destination) === false)
      return deny('DENIED_DESTINATION', `${id} is not among the approved destinations`);
    const plain = plainAddress(address);
    const ip = plain === null ? {} : { address: { __extn: { fn: 'ip', arg: plain } } };
    return this.#ask('connect', { type: 'Destination', id, attributes: { names, port, ...ip } }, now);
  }

  /** Whether a file may be written. */
  write(path: string, { now }: Moment): PolicyDecision {
    if (this.#writable?.match(path) === false)
      return deny('DENIED_WRITE', `${path} is not among the paths that it may write`);
    const attributes = { path, portable: portablePath(path, this.#subject.anchors) };
    return this.#ask('writeFile', { type: 'File', id: path, attributes }, now);
  }

  /** Whether a prompt may be got. */
  prompt(name: string, { now }: Moment): PolicyDecision {
    if (this.#policy.prompts?.includes(name) === false)
      return deny('DENIED_PROMPT', `${name} is not among the approved prompts`);
    return this.#ask('getPrompt', { type: 'Prompt', id: name, attributes: { name } }, now);
  }

  /** Whether a resource may be read or subscribed to. */
  resource(uri: string, { now }: Moment): PolicyDecision {
    const { resources } = this.#policy;
    const names = (pattern: string) =>
      pattern.endsWith('*') ? uri.startsWith(pattern.slice(0, -1)) && !isLoose(uri) : uri === pattern;
    if (resources !== undefined && !resources.some(names))
      return deny('DENIED_RESOURCE', `${uri} is not among the approved resources`);
    return this.#ask('readResource', { type: 'Resource', id: uri, attributes: { uri } }, now);
  }

  /** Whether the server may ask this of the client. */
  clientFeature(name: ClientFeature, { now }: Moment): PolicyDecision {
    if (this.#policy.client_features?.includes(name) === false)
      return deny('DENIED_CLIENT_FEATURE', `${name} is not approved`);
    return this.#ask('askClient', { type: 'Feature', id: name, attributes: { name } }, now);
  }

  /** Whether a person is asked about each call of this tool. */
  asksAbout(tool: string): boolean {
    return this.#policy.ask?.includes(tool) === true;
  }

  #toolFault({ tool, digest }: Pick<ToolCall, 'tool' | 'digest'>): PolicyDecision | null {
    if (this.#tools === null) return null;
    const digests = this.#tools.get(tool);
    if (digests === undefined)
      return deny('DENIED_TOOL_NOT_LISTED', `${tool} is not among the approved tools`);
    if (digests.has(null) || (digest !== null && digests.has(digest))) return null;
    return deny('DENIED_TOOL_CHANGED', `${tool} is not defined as it was approved`);
  }

  #argumentFault({ tool, arguments: args }: ToolCall): PolicyDecision | null {
    const broken = this.#conditions.find(
      (condition) => (condition.tool === '*' || condition.tool === tool) && !condition.holds(args),
    );
    return broken === undefined ? null : deny('DENIED_ARGUMENT', broken.text);
  }

  #cedarCall({ tool, digest, arguments: args }: ToolCall, now: Date): PolicyDecision {
    if (this.#cedar === null) return ALLOW;
    const values = callValues(args);
    if (values === null)
      return deny('DENIED_REQUEST_TOO_LARGE', 'its arguments are more than Cedar is asked about');
    const texts = { type: 'Texts', id: 'call', tags: values.texts };
    const numbers = { type: 'Numbers', id: 'call', tags: values.numbers };
    const flags = { type: 'Flags', id: 'call', tags: values.flags };
    return this.#ask(
      'callTool',
      { type: 'Tool', id: tool, attributes: { name: tool, digest: digest ?? '' } },
      now,
      { texts, numbers, flags },
      values.pointers,
    );
  }

  #ask(
    action: CedarRequest['action'],
    resource: CedarEntity,
    now: Date,
    others: Readonly<Record<string, CedarEntity>> = {},
    pointers: readonly string[] | null = null,
  ): PolicyDecision {
    if (this.#cedar === null) return ALLOW;
    const references = Object.entries(others).map(([name, entity]) => [name, reference(entity)] as const);
    return this.#cedar.decide({
      action,
      principal: this.#principal,
      resource,
      others: Object.values(others),
      context: {
        now: datetime(now),
        ...Object.fromEntries(references),
        ...(pointers === null ? {} : { pointers }),
      },
    });
  }

  get #principal(): CedarEntity {
    const { server, closure, owner, user, profile, hostGroup } = this.#subject;
    const { client, scope, name } = server;
    const group = hostGroup === null ? {} : { host_group: hostGroup };
    return {
      type: 'Server',
      id: `${client}/${name}`,
      attributes: { client, scope, name, owner, user, profile, closure, ...group },
    };
  }
}

/** Whether a URI could mean another place once it is walked: `..` as it is written or percent-encoded. */
function isLoose(uri: string): boolean {
  return /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\?#]|%2f|%5c|$)/i.test(uri);
}

function digestsByName(tools: NonNullable<Policy['tools']>): ReadonlyMap<string, ReadonlySet<string | null>> {
  const byName = new Map<string, Set<string | null>>();
  for (const { name, digest } of tools) byName.set(name, (byName.get(name) ?? new Set()).add(digest));
  return byName;
}
