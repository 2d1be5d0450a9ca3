import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { AgentBundles } from '../../../agent/bundles/agent-bundles.ts';
import type { FetchBundle } from '../../../agent/bundles/bundle-download.ts';
import { RemoteSettings } from '../../../agent/bundles/remote-config.ts';
import type { Fact } from '../../../agent/fact.ts';
import { LiveRules } from '../../../agent/rules/live-rules.ts';
import type { Stance } from '../../../agent/stance.ts';
import { Meta, openDatabase } from '../../../agent/state/database.ts';
import type { AgentFrame, BundleKind } from '../../../wire/index.ts';
import { TempDirectory } from '../../temp-directory.ts';
import { rule, SpokenLog, settings } from '../rules/samples.ts';

type StateFrame = Extract<AgentFrame, { type: 'bundle_state' }>;
export const NOW = new Date('2026-11-28T12:00:00Z');

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A host that takes bundles, with its state in a directory, and the central that it fetches them from. */
export class Host implements AsyncDisposable {
  readonly directory: Pick<TempDirectory, 'at' | 'write'>;
  readonly stateDir: string;
  readonly #owned: TempDirectory | null;
  readonly answers: StateFrame[] = [];
  readonly facts: Fact[] = [];
  readonly texts = new Map<string, string>();
  looks = 0;
  fetches = 0;
  fetch: FetchBundle = async (digest) => {
    this.fetches += 1;
    return Buffer.from(this.texts.get(digest) ?? '');
  };
  #database;
  #bundles!: AgentBundles;
  #rules!: LiveRules;
  remote!: RemoteSettings;
  stance!: Stance;
  /** Profiles that guards were told. */
  readonly published: string[] = [];
  onPublish = () => {};

  /** In a directory of its own, or in one that another process left. */
  constructor(left: TempDirectory | null = null) {
    const directory = left ?? new TempDirectory();
    this.#owned = left === null ? directory : null;
    this.directory = directory;
    this.stateDir = directory.at('state');
    this.#database = openDatabase(this.stateDir);
    this.directory.write('builtin/own.yml', rule('own', 'own'));
    this.open();
  }

  /** As an agent that starts. */
  open(): void {
    const meta = new Meta(this.#database);
    const place = {
      stateDir: this.stateDir,
      systemTrust: null,
      profile: 'developer',
      group: 'build',
      log: new SpokenLog(),
      user: 'root',
    } as const;
    this.remote = new RemoteSettings({ ...place, meta });
    this.stance = this.remote.over({ profile: 'developer', denial: 'report' });
    const { stance } = this;
    this.#rules = new LiveRules({
      ...place,
      stance,
      meta,
      rules: { builtin: [this.directory.at('builtin')], settings: settings(), config: null },
      onRules: () => undefined,
      onFacts: () => undefined,
      withRules: (own) => this.remote.withRules(own),
    });
    this.#bundles = new AgentBundles({
      ...place,
      stance,
      meta,
      remote: this.remote,
      rules: this.#rules,
      fetch: (...asked) => this.fetch(...asked),
      lookAgain: async () => {
        this.looks += 1;
      },
      publishStance: () => {
        this.onPublish();
        this.published.push(stance.profile);
      },
      tell: (frame) => this.answers.push(frame),
      onFacts: (facts) => this.facts.push(...facts),
      now: () => NOW.getTime(),
    });
  }

  /** As one whose process was killed, and starts anew. */
  async restart(): Promise<void> {
    await this.#rules.stop();
    this.#database.close();
    this.#database = openDatabase(this.stateDir);
    this.open();
  }

  get rules(): readonly string[] {
    return this.#rules.edition.set.rules.map(({ name }) => name).sort();
  }

  get inForce(): string {
    return this.#bundles.inForce.map(({ kind, version }) => `${kind} ${version}`).join(', ');
  }

  /** Offers a text as central does; what is announced can be another digest or size. */
  async offer(
    kind: BundleKind,
    version: number,
    text: string,
    announced: { sha256?: string; bytes?: number } = {},
  ) {
    const digest = announced.sha256 ?? sha256(text);
    this.texts.set(digest, text);
    const before = this.answers.length;
    const bytes = announced.bytes ?? Buffer.byteLength(text);
    this.#bundles.offer({ type: 'bundle', kind, version, sha256: digest, bytes });
    await this.#bundles.idle;
    assert.equal(this.answers.length, before + 1, 'each offer is answered once');
    const answer = this.answers.at(-1);
    return answer?.state === 'applied' ? 'applied' : answer?.code;
  }

  /** Offers a bundle, and stops while it is being fetched. */
  async interrupt(kind: BundleKind, version: number): Promise<void> {
    this.#bundles.offer({ type: 'bundle', kind, version, sha256: 'cd'.repeat(32), bytes: 100 });
    await this.#bundles.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rules.stop();
    this.#database.close();
    this.#owned?.[Symbol.dispose]();
  }
}
