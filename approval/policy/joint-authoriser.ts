import type { Authoriser, Moment, ToolCall } from './authoriser.ts';
import { ALLOW, type PolicyDecision } from './denial.ts';
import type { Destination } from './destination.ts';
import type { ClientFeature } from './policy.ts';

/** What can be asked about a server, however many policies hold it. */
export type PolicyAuthority = Omit<Authoriser, 'examine' | 'count'>;

/**
 * Holds a server to the policy of its fleet and to that of its approval, where there is one: both must allow. So neither
 * can loosen what the other forbids, and the order in which they came does not matter.
 */
export class JointAuthoriser implements PolicyAuthority {
  readonly #fleet: Authoriser;
  readonly #own: Authoriser | null;
  readonly #all: readonly Authoriser[];

  constructor(fleet: Authoriser, own: Authoriser | null) {
    this.#fleet = fleet;
    this.#own = own;
    this.#all = own === null ? [fleet] : [fleet, own];
  }

  /** A call counts towards the rates of both, or of none. */
  call(call: ToolCall, moment: Moment): PolicyDecision {
    const decision = this.#ask((one) => one.examine(call, moment));
    if (decision.decision === 'allow') for (const one of this.#all) one.count(call, moment);
    return decision;
  }

  get listsTools(): boolean {
    return this.#all.some(({ listsTools }) => listsTools);
  }

  tool(tool: string, digest: string | null): PolicyDecision {
    return this.#ask((one) => one.tool(tool, digest));
  }

  decidesByName(tool: string, digest: string | null): boolean {
    return this.#all.every((one) => one.decidesByName(tool, digest));
  }

  program(path: string, how: { readonly shell: boolean }, moment: Moment): PolicyDecision {
    return this.#ask((one) => one.program(path, how, moment));
  }

  /** What the kernel is told of both: shells where both allow them, and programs that are in every list there is. */
  get execLists(): Authoriser['execLists'] {
    const lists = this.#all.map(({ execLists }) => execLists);
    const named = lists.flatMap(({ programs }) => (programs === null ? [] : [programs]));
    const [first, ...others] = named;
    return {
      shells: lists.every(({ shells }) => shells),
      programs: first?.filter((path) => others.every((other) => other.includes(path))) ?? null,
    };
  }

  connection(destination: Destination, moment: Moment): PolicyDecision {
    return this.#ask((one) => one.connection(destination, moment));
  }

  write(path: string, moment: Moment): PolicyDecision {
    return this.#ask((one) => one.write(path, moment));
  }

  prompt(name: string, moment: Moment): PolicyDecision {
    return this.#ask((one) => one.prompt(name, moment));
  }

  resource(uri: string, moment: Moment): PolicyDecision {
    return this.#ask((one) => one.resource(uri, moment));
  }

  clientFeature(name: ClientFeature, moment: Moment): PolicyDecision {
    return this.#ask((one) => one.clientFeature(name, moment));
  }

  asksAbout(tool: string): boolean {
    return this.#all.some((one) => one.asksAbout(tool));
  }

  #ask(question: (one: Authoriser) => PolicyDecision): PolicyDecision {
    const fleet = question(this.#fleet);
    if (fleet.decision === 'deny') {
      return { ...fleet, reason: `the policy of the fleet: ${fleet.reason}`, fleet: true };
    }
    return this.#own === null ? ALLOW : question(this.#own);
  }
}
