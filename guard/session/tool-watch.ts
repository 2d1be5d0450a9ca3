import type { Moment } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import type { Authority } from '../authority/authority.ts';
import type { Decided } from '../authority/decided.ts';
import { approveCommand, type Refusal } from '../authority/ruling.ts';
import type { Entry } from '../evidence/journal.ts';
import { Baseline, type Holding } from '../tools/baseline.ts';
import { filteredAnswer } from '../tools/filtered-answer.ts';
import type { KeptManifests } from '../tools/kept-manifests.ts';
import { Listing } from '../tools/listing.ts';
import type { ToolChange } from '../tools/manifest.ts';
import { Neighbours } from '../tools/neighbours.ts';
import { poisonsOf } from '../tools/poison.ts';
import { shadowsOf } from '../tools/shadows.ts';
import type { Exchange, Remembered } from './exchange.ts';
import type { ToolKnowledge } from './gate.ts';
import type { LineSink } from './line-sink.ts';
import type { Message } from './message.ts';
import type { ToolListener } from './server-side.ts';

/** Pages of one list that the guard asks for itself. */
const MAX_PAGES = 100;
/** Changes that one session records; a server that changes its tools all the time is known by then. */
const MAX_RECORDED = 2_000;

type Response = Extract<Message, { kind: 'response' }>;
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

/**
 * Knows the tools of a server as it gave them last, and holds them to what was approved: to the digests of the policy
 * where it lists tools, else to those that were seen first under the same approval.
 */
export class ToolWatch implements ToolKnowledge, ToolListener {
  readonly #options: ToolWatchOptions;
  /** Null while it is not known, or may be another by now. */
  #known: Listing | null = null;
  /** What the pages of a list that the client asks for have given so far. */
  #pages: Listing | null = null;
  #settling: Promise<void> | null = null;
  #baseline: Baseline | null = null;
  readonly #recorded = new Set<string>();

  constructor(options: ToolWatchOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    const { profile, authority } = this.#options;
    return this.#known !== null || (profile !== 'production' && !listsTools(authority.decided));
  }

  get known(): Listing | null {
    return this.#known;
  }

  settle(): Promise<void> {
    this.#settling ??= this.#ask().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  digestOf(name: string): string | null {
    return this.#known?.isUnusable(name) === true ? null : (this.#known?.get(name)?.digest ?? null);
  }

  faultOf(name: string): Refusal | null {
    const { authority, profile, moment } = this.#options;
    if (profile !== 'production') return null;
    if (this.#known?.isUnusable(name) === true)
      return this.#refusal(
        'GUARD_TOOL_UNUSABLE',
        `${name} is defined twice, or at a length that nobody can judge`,
      );
    const baseline = this.#baselineOf(authority.decided);
    if (listsTools(authority.decided) || baseline.holds(name, this.digestOf(name), moment().monotonic))
      return null;
    return baseline.has(name)
      ? this.#refusal('GUARD_TOOL_CHANGED', `${name} is not defined as it was when it was seen first`)
      : this.#refusal(
          'GUARD_TOOL_NOT_LISTED',
          `the server had no tool ${name} when its tools were seen first`,
        );
  }

  /** With another approval, what is seen first under it counts. */
  #refusal(code: Refusal['code'], reason: string): Refusal {
    const { standing } = this.#options.authority.decided;
    const remedy = standing.kind === 'known' ? approveCommand(standing.discovered.server) : null;
    return { code, reason, changes: [], remedy };
  }

  listed(response: Response, request: Remembered, line: Buffer): Buffer | null {
    if (response.failed) return null;
    if (request.params['cursor'] === undefined || this.#pages === null) this.#pages = new Listing();
    const pages = this.#pages;
    const { tools, faults, nextCursor } = pages.add(response.result);
    const names = [...tools, ...faults].flatMap(({ name }) => name ?? []);
    const hidden = new Set(names.filter((name) => this.#isHidden(name, pages)));
    if (nextCursor === null) {
      this.#complete(pages);
      this.#pages = null;
    }
    // In production also where nothing is hidden: one reading of the answer was judged, and no other is to be had.
    return this.#options.profile === 'production' ? filteredAnswer(line, hidden) : null;
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
    const listing = new Listing();
    const hasTools = Object.hasOwn(exchange.serverCapabilities ?? {}, 'tools');
    let cursor: string | null = null;
    for (let page = 0; hasTools && page < MAX_PAGES; page += 1) {
      const answer = await exchange.ask(toServer, 'tools/list', cursor === null ? {} : { cursor });
      if (answer === null || answer.failed) {
        // What is not known is not compared.
        this.#known = listing;
        return;
      }
      cursor = listing.add(answer.result).nextCursor;
      if (cursor === null) break;
    }
    this.#complete(listing);
  }

  /** The whole list is there. */
  #complete(listing: Listing): void {
    const { authority, profile, moment } = this.#options;
    this.#known = listing;
    const isFirst = profile === 'production' || listsTools(authority.decided);
    const changes = this.#baselineOf(authority.decided).take(listing, moment().monotonic, isFirst);
    if (changes.length > 0) this.#report(changes, listing);
  }

  #report(changes: readonly ToolChange[], listing: Listing): void {
    const { manifests, authority, record } = this.#options;
    const { server, entry } = holdingOf(authority.decided);
    const others = server === null ? new Map() : manifests.others(server, entry.client);
    const shadows = shadowsOf(listing.tools, others);
    const neighbours = new Neighbours(
      listing.tools.map(({ name }) => name),
      others,
    );
    for (const change of changes) {
      const key = JSON.stringify([change.change, change.tool, change.after]);
      if (this.#recorded.has(key) || this.#recorded.size >= MAX_RECORDED) continue;
      this.#recorded.add(key);
      const tool = listing.get(change.tool);
      const poisons = tool === undefined ? [] : poisonsOf(tool, neighbours);
      record({
        kind: 'tool',
        ...change,
        poison: [...new Set(poisons.map(({ kind }) => kind))],
        shadows: [...(shadows.get(change.tool) ?? [])],
        hidden: tool !== undefined && this.#isHidden(change.tool, listing),
      });
    }
  }

  /** Whether a tool is kept from the client. */
  #isHidden(name: string, listing: Listing): boolean {
    const { authority, profile, moment } = this.#options;
    const { decided } = authority;
    if (profile !== 'production') return false;
    const tool = listing.get(name);
    if (tool === undefined || listing.isUnusable(name)) return true;
    if (decided.policy?.kind === 'usable' && listsTools(decided))
      return decided.policy.authoriser.tool(name, tool.digest).decision === 'deny';
    return !this.#baselineOf(decided).holds(name, tool.digest, moment().monotonic);
  }

  #baselineOf(decided: Decided): Baseline {
    const holding = holdingOf(decided);
    if (this.#baseline?.under !== holding.under)
      this.#baseline = new Baseline(holding, this.#options.manifests);
    return this.#baseline;
  }
}

function listsTools({ policy }: Decided): boolean {
  return policy?.kind === 'usable' && policy.authoriser.listsTools;
}

function holdingOf({ standing }: Decided): Holding {
  if (standing.kind !== 'known')
    return { server: null, entry: { client: '', name: '' }, under: standing.kind };
  const { server } = standing.discovered;
  const { statement } = standing.verdict;
  const approval =
    statement === null ? 'none' : `${statement.predicate.issued} ${statement.predicate.serial}`;
  const { id, client, name, closure } = server;
  return { server: id, entry: { client, name }, under: `${approval} ${closure.digest}` };
}
