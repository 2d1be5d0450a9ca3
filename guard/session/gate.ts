import type { ClientFeature, Moment, PolicyAuthority, PolicyDecision } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Authority } from '../authority/authority.ts';
import type { Decided, SessionPolicy } from '../authority/decided.ts';
import { approveCommand, type Refusal, rulingOn } from '../authority/ruling.ts';
import type { Message } from './message.ts';

type Request = Extract<Message, { kind: 'request' }>;

/** What is done with a message. */
export type Decision =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** A person decides; `refusal` is the answer where nobody allows it. */
  | { readonly kind: 'ask'; readonly question: string; readonly refusal: Refusal; readonly key: string };

export const PASS: Decision = { kind: 'pass' };

/** What is known of the server's tools. */
export interface ToolKnowledge {
  /** Whether the definitions are known that a call has to be decided on. */
  readonly ready: boolean;
  /** Resolves once they are, or cannot be had. */
  settle(): Promise<void>;
  /** Digest of a tool's definition as the server gave it last; null where it gave none. */
  digestOf(name: string): string | null;
  /** What the server gave last, another object whenever it gave something else; null while that is not known. */
  readonly known: { readonly tools: readonly { readonly name: string }[] } | null;
  /** Why a tool may not be called by what was seen first under this approval; null where it may. */
  faultOf(name: string): Refusal | null;
}

export interface GateOptions {
  readonly authority: Authority;
  readonly tools: ToolKnowledge;
  readonly profile: Profile;
  readonly moment: () => Moment;
  /** Whether a person allowed this before, in this session. */
  readonly allowedBefore: (key: string) => boolean;
}

/** What a client may ask while the server may not be used: to connect, to look, to leave. */
const HARMLESS: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/unsubscribe',
  'logging/setLevel',
]);

/** What the server asks of the client (MCP 2025-11-25, client features). */
const FEATURES: Readonly<Record<string, ClientFeature>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
};

/** Decides about each message at the moment at which it is made, on what holds then. */
export class Gate {
  readonly #options: GateOptions;
  /** What was found free, and on what. */
  #free: { readonly decided: Decided; readonly known: object; readonly tools: readonly string[] } | null =
    null;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** About a request of the client. It answers at once where nothing is under way that might change the answer. */
  request(message: Request): Decision | Promise<Decision> {
    if (HARMLESS.has(message.method)) return PASS;
    const { authority, tools } = this.#options;
    authority.probe();
    const needsTools = message.method === 'tools/call' && !tools.ready;
    if (!authority.stale && !needsTools) return this.#decide(message, authority.decided);
    return this.#decideLater(message, needsTools);
  }

  /**
   * The tools whose calls need not be decided one by one: what is decided hangs on nothing but the name until something
   * is touched or the server gives other tools. None while that is so. The same list while nothing changed.
   */
  freeTools(): readonly string[] {
    const { authority, profile, tools } = this.#options;
    const { decided } = authority;
    const { known } = tools;
    if (authority.stale || known === null || rulingOn(decided.standing, profile).kind === 'refuse') return [];
    if (this.#free?.decided !== decided || this.#free.known !== known) {
      const names = known.tools.map(({ name }) => name).filter((name) => this.#isFree(name, decided));
      this.#free = { decided, known, tools: names };
    }
    return this.#free.tools;
  }

  /** About a request of the server. */
  serverRequest(message: Request): Decision {
    const feature = Object.hasOwn(FEATURES, message.method) ? FEATURES[message.method] : undefined;
    if (feature === undefined) return PASS;
    const { decided } = this.#options.authority;
    return this.#policy(decided, (policy, moment) => policy.clientFeature(feature, moment));
  }

  async #decideLater(message: Request, needsTools: boolean): Promise<Decision> {
    const { authority, tools } = this.#options;
    if (needsTools) await tools.settle();
    const decided = await authority.settled();
    if (decided !== null) return this.#decide(message, decided);
    return {
      kind: 'refuse',
      refusal: {
        code: 'GUARD_STATE_UNSETTLED',
        reason: 'what decides is being changed, and nothing holds still long enough to be judged',
        changes: [],
        remedy: null,
      },
    };
  }

  #decide(message: Request, decided: Decided): Decision {
    const ruling = rulingOn(decided.standing, this.#options.profile);
    if (ruling.kind === 'refuse') {
      const standing = this.#overruled(decided, ruling.refusal);
      if (standing.kind !== 'pass') return standing;
    }
    switch (message.method) {
      case 'tools/call':
        return this.#call(message, decided);
      case 'prompts/get':
        return this.#policy(decided, (policy, moment) => policy.prompt(textOf(message, 'name'), moment));
      case 'resources/read':
      case 'resources/subscribe':
        return this.#policy(decided, (policy, moment) => policy.resource(textOf(message, 'uri'), moment));
      default:
        return PASS;
    }
  }

  /** A person at work on the server may go on with what changed under the guard's eyes; production asks nobody. */
  #overruled({ standing }: Decided, refusal: Refusal): Decision {
    const drifted = standing.kind === 'known' && standing.verdict.state === 'drifted';
    if (this.#options.profile === 'production' || !drifted) return { kind: 'refuse', refusal };
    const key = `closure:${standing.discovered.server.closure.digest}`;
    if (this.#options.allowedBefore(key)) return PASS;
    const { name } = standing.discovered.server;
    const question = `The MCP server ${name} is not what was approved: ${refusal.reason}. Go on with it until it changes again?`;
    return { kind: 'ask', question, refusal, key };
  }

  #call(message: Request, decided: Decided): Decision {
    const { tools } = this.#options;
    const tool = textOf(message, 'name');
    const fault = tools.faultOf(tool);
    if (fault !== null) return { kind: 'refuse', refusal: fault };
    const call = { tool, digest: tools.digestOf(tool), arguments: message.params['arguments'] ?? {} };
    const decision = this.#policy(decided, (policy, moment) => policy.call(call, moment));
    if (decision.kind !== 'pass' || decided.policy?.kind !== 'usable') return decision;
    if (!decided.policy.authoriser.asksAbout(tool)) return decision;
    const refusal: Refusal = {
      code: 'GUARD_NOT_ALLOWED',
      reason: `nobody allowed this call of ${tool}`,
      changes: [],
      remedy: null,
    };
    return { kind: 'ask', question: `Allow this call of the tool ${tool}?`, refusal, key: '' };
  }

  #isFree(name: string, { policy }: Decided): boolean {
    const { tools } = this.#options;
    if (tools.faultOf(name) !== null || policy?.kind === 'unusable') return false;
    return policy === null || policy.authoriser.decidesByName(name, tools.digestOf(name));
  }

  #policy(decided: Decided, ask: (policy: PolicyAuthority, moment: Moment) => PolicyDecision): Decision {
    const { policy } = decided;
    if (policy === null) return PASS;
    if (policy.kind === 'unusable') return refused(decided, unusable(policy));
    const decision = ask(policy.authoriser, this.#options.moment());
    return decision.decision === 'allow' ? PASS : refused(decided, decision);
  }
}

type Denied = Omit<Extract<PolicyDecision, { decision: 'deny' }>, 'decision'>;

function unusable({ of, fault: { message } }: Extract<SessionPolicy, { kind: 'unusable' }>): Denied {
  return of === 'approval'
    ? { code: 'DENIED_CEDAR_FAILED', reason: message }
    : { code: 'DENIED_FLEET_POLICY_UNUSABLE', reason: `the policy of the fleet: ${message}`, fleet: true };
}

/** What the fleet forbids no approval of this host allows. */
function refused({ standing }: Decided, { code, reason, fleet }: Denied): Decision {
  const server = standing.kind === 'known' && fleet !== true ? standing.discovered.server : null;
  const remedy = server === null ? null : `${approveCommand(server)} --policy FILE`;
  return { kind: 'refuse', refusal: { code, reason, changes: [], remedy } };
}

function textOf({ params }: Request, key: string): string {
  const value = params[key];
  return typeof value === 'string' ? value : '';
}
