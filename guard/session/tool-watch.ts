import type { Moment } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Authority } from '../authority/authority.ts';
import type { Decided } from '../authority/decided.ts';
import type { Refusal } from '../authority/ruling.ts';
import type { Entry } from '../evidence/journal.ts';
import { filteredAnswer } from '../tools/filtered-answer.ts';
import { compareTools, type KeptManifests, type ToolChange } from '../tools/manifest.ts';
import { poisonsOf, shadowsOf } from '../tools/poison.ts';
import { readTools, type Tool } from '../tools/tool.ts';
import type { Exchange, Remembered } from './exchange.ts';
import type { ToolKnowledge } from './gate.ts';
import type { LineSink } from './line-sink.ts';
import type { Message } from './message.ts';
import type { ToolListener } from './server-side.ts';

/** Pages of one list that the guard asks for itself. */
const MAX_PAGES = 100;
/**
 * Milliseconds after the first list under an approval in which further tools belong to it: some servers add tools once
 * they know what the client can do. None may change its definition meanwhile.
 */
const LEARN_MS = 60_000;
/** Changes that one session records; a server that changes its tools all the time is known by then. */
const MAX_RECORDED = 2_000;

type Response = Extract<Message, { kind: 'response' }>;
type Tools = ReadonlyMap<string, Tool>;
type ToolEntry = Omit<Extract<Entry, { kind: 'tool' }>, 'server'>;

export interface ToolWatchOptions {
  readonly exchange: Exchange;
  readonly toServer: LineSink;
  readonly authority: Authority;
  readonly profile: Profile;
  readonly manifests: KeptManifests;
  readonly record: (entry: ToolEntry) => void;
  readonly moment: () => Moment;
}

/** The definitions that a server is held to: those that were seen first under the approval that counts. */
interface Baseline {
  /** The approval and the closure. */
  readonly under: string;
  /** Null until the server has given its tools once. */
  readonly digests: ReadonlyMap<string, string> | null;
  /** Until when tools are added to it (`Moment.monotonic`); null where it is complete. */
  readonly learnsUntil: number | null;
}

/**
 * Knows the tools of a server as it gave them last, and holds them to what was approved: to the digests of the policy
 * where it lists tools, else to those that were seen first under the same approval.
 */
export class ToolWatch implements ToolKnowledge, ToolListener {
  readonly #options: ToolWatchOptions;
  /** Null while it is not known, or may be another by now. */
  #known: Tools | null = null;
  /** What the pages of a list that the client asks for have given so far. */
  #pages: Map<string, Tool> | null = null;
  #settling: Promise<void> | null = null;
  #baseline: Baseline | null = null;
  #recorded = new Set<string>();

  constructor(options: ToolWatchOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#known !== null || !this.#holdsBack(this.#options.authority.decided);
  }

  settle(): Promise<void> {
    this.#settling ??= this.#ask().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  digestOf(name: string): string | null {
    return this.#known?.get(name)?.digest ?? null;
  }

  faultOf(name: string): Refusal | null {
    const { authority, profile } = this.#options;
    if (profile !== 'production' || listsTools(authority.decided)) return null;
    const baseline = this.#baselineOf(authority.decided);
    if (baseline.digests === null || this.#isHeldTo(baseline, name, this.digestOf(name))) return null;
    return baseline.digests.has(name)
      ? refusal('GUARD_TOOL_CHANGED', `${name} is not defined as it was when it was seen first`)
      : refusal('GUARD_TOOL_NOT_LISTED', `the server had no tool ${name} when its tools were seen first`);
  }

  listed(response: Response, request: Remembered, line: Buffer): Buffer | null {
    if (response.failed) return null;
    const { tools, nextCursor } = readTools(response.result);
    if (request.params['cursor'] === undefined || this.#pages === null) this.#pages = new Map();
    for (const tool of tools) this.#pages.set(tool.name, tool);
    const hidden = this.#hiddenOf(tools);
    if (nextCursor === null) {
      this.#complete(this.#pages);
      this.#pages = null;
    }
    return hidden.size === 0 ? null : filteredAnswer(line, hidden);
  }

  changed(): void {
    this.#known = null;
    this.#pages = null;
    // Before the server said what it can do, it is not asked.
    if (this.#options.exchange.serverCapabilities !== null) void this.settle();
  }

  /** Asks the server for all its tools. Where it gives none, none is known. */
  async #ask(): Promise<void> {
    const { exchange, toServer } = this.#options;
    const all = new Map<string, Tool>();
    let cursor: string | null = null;
    const hasTools = Object.hasOwn(exchange.serverCapabilities ?? {}, 'tools');
    for (let page = 0; hasTools && page < MAX_PAGES; page += 1) {
      const answer = await exchange.ask(toServer, 'tools/list', cursor === null ? {} : { cursor });
      if (answer === null || answer.failed) {
        // What is not known is not compared.
        this.#known = all;
        return;
      }
      const { tools, nextCursor } = readTools(answer.result);
      for (const tool of tools) all.set(tool.name, tool);
      cursor = nextCursor;
      if (cursor === null) break;
    }
    this.#complete(all);
  }

  /** The whole list is there. */
  #complete(tools: Tools): void {
    const { authority, profile, moment } = this.#options;
    this.#known = tools;
    const { under, digests, learnsUntil } = this.#baselineOf(authority.decided);
    const list = [...tools.values()];
    const changes = compareTools(digests ?? new Map(), list, true);
    if (changes.length === 0) return;
    this.#report(digests === null ? changes.map(asListed) : changes, tools);
    const now = list.map(({ name, digest }) => [name, digest] as const);
    if (digests === null)
      this.#hold({ under, digests: new Map(now), learnsUntil: moment().monotonic + LEARN_MS }, tools);
    // Where nothing is held back, what was reported once is what is compared with from now on.
    else if (profile !== 'production') this.#hold({ under, digests: new Map(now), learnsUntil }, tools);
    else if (this.#learns(learnsUntil))
      this.#hold({ under, digests: new Map([...now, ...digests]), learnsUntil }, tools);
  }

  /** Compares with this from now on, in later sessions as well. */
  #hold(baseline: Baseline, tools: Tools): void {
    const { manifests, authority } = this.#options;
    this.#baseline = baseline;
    const server = serverOf(authority.decided);
    if (server === null) return;
    const kept = [...(baseline.digests ?? [])].map(([name, digest]) => ({
      name,
      digest,
      description: descriptionOf(tools.get(name)),
    }));
    manifests.write(server, baseline.under, kept);
  }

  #report(changes: readonly ToolChange[], tools: Tools): void {
    const { manifests, authority, record } = this.#options;
    const others = manifests.others(serverOf(authority.decided) ?? '');
    const shadows = shadowsOf([...tools.values()], others);
    for (const change of changes) {
      const key = JSON.stringify([change.change, change.tool, change.after]);
      if (this.#recorded.has(key) || this.#recorded.size >= MAX_RECORDED) continue;
      this.#recorded.add(key);
      const tool = tools.get(change.tool);
      record({
        kind: 'tool',
        ...change,
        poison: tool === undefined ? [] : [...new Set(poisonsOf(tool).map(({ kind }) => kind))],
        shadows: [...(shadows.get(change.tool) ?? [])],
        hidden: tool !== undefined && this.#hiddenOf([tool]).size > 0,
      });
    }
  }

  /** Tools of a list that are kept from the client. */
  #hiddenOf(tools: readonly Tool[]): ReadonlySet<string> {
    const { authority, profile } = this.#options;
    const { decided } = authority;
    if (profile !== 'production') return new Set();
    if (decided.policy?.kind === 'usable' && listsTools(decided)) {
      const { authoriser } = decided.policy;
      const denied = tools.filter((tool) => authoriser.tool(tool.name, tool.digest).decision === 'deny');
      return new Set(denied.map(({ name }) => name));
    }
    const baseline = this.#baselineOf(decided);
    const strange = tools.filter(({ name, digest }) => !this.#isHeldTo(baseline, name, digest));
    return new Set(strange.map(({ name }) => name));
  }

  /** Whether a tool is what it was when it was seen first. */
  #isHeldTo({ digests, learnsUntil }: Baseline, name: string, digest: string | null): boolean {
    if (digests === null) return true;
    const seen = digests.get(name);
    return seen === undefined ? digest !== null && this.#learns(learnsUntil) : seen === digest;
  }

  #learns(until: number | null): boolean {
    return until !== null && this.#options.moment().monotonic < until;
  }

  /** Whether a call has to wait until the definitions are known. */
  #holdsBack(decided: Decided): boolean {
    return this.#options.profile === 'production' || listsTools(decided);
  }

  #baselineOf(decided: Decided): Baseline {
    const under = underOf(decided);
    if (this.#baseline?.under === under) return this.#baseline;
    const server = serverOf(decided);
    const kept = server === null ? null : this.#options.manifests.read(server, under);
    const digests = kept === null ? null : new Map(kept.map(({ name, digest }) => [name, digest]));
    this.#baseline = { under, digests, learnsUntil: null };
    return this.#baseline;
  }
}

function listsTools({ policy }: Decided): boolean {
  return policy?.kind === 'usable' && policy.statement.predicate.policy?.tools !== null;
}

function serverOf({ standing }: Decided): string | null {
  return standing.kind === 'known' ? standing.discovered.server.id : null;
}

function underOf({ standing }: Decided): string {
  if (standing.kind !== 'known') return standing.kind;
  const { statement } = standing.verdict;
  const approval =
    statement === null ? 'none' : `${statement.predicate.issued} ${statement.predicate.serial}`;
  return `${approval} ${standing.discovered.server.closure.digest}`;
}

function asListed(change: ToolChange): ToolChange {
  return { ...change, change: 'tool_listed' };
}

function descriptionOf(tool: Tool | undefined): string {
  const description = tool?.definition['description'];
  return typeof description === 'string' ? description : '';
}

function refusal(code: Refusal['code'], reason: string): Refusal {
  return { code, reason, changes: [], remedy: null };
}
