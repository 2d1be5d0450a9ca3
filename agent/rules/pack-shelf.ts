import { join } from 'node:path';
import * as z from 'zod';
import { loadTrust, openRulePack, type RulePack, readRulePack, writeRulePack } from '../../approval/index.ts';
import type { RuleSource } from '../../rules/engine/index.ts';
import { AgentError } from '../errors.ts';
import type { Stance } from '../stance.ts';
import type { Meta } from '../state/database.ts';

const MARK = 'rule_pack';
const markSchema = z.object({
  name: z.string(),
  version: z.number().int().positive(),
  digest: z.string(),
});
/** The pack that was in force last. */
type Mark = Readonly<z.infer<typeof markSchema>>;

/** A pack whose signatures hold, with its text. */
export interface ShelvedPack extends RulePack {
  readonly text: string;
  /** Its rule files as the engine takes them; a path names the pack, too. */
  readonly sources: readonly RuleSource[];
}

export interface PackShelfOptions {
  readonly stateDir: string;
  /** Directory of the host's trust roots; null for none. */
  readonly systemTrust: string | null;
  readonly stance: Pick<Stance, 'profile'>;
  readonly meta: Pick<Meta, 'get' | 'set'>;
}

/**
 * Takes signed packs only forward: the version of the last one that was in force is remembered, and a copy of it is
 * kept for when the next one cannot be used. The copy is believed no more than any other file.
 */
export class PackShelf {
  readonly #options: PackShelfOptions;

  constructor(options: PackShelfOptions) {
    this.#options = options;
  }

  /** Where the last pack in force lies. */
  get copy(): string {
    return join(this.#options.stateDir, 'rules', 'pack.dsse.json');
  }

  /** The last pack that was in force; null where there never was one. @throws as `read` does */
  last(): ShelvedPack | null {
    return this.#mark() === null ? null : this.read(this.copy);
  }

  /**
   * A pack that may be taken into force, as far as its signatures and its version tell.
   * @throws {ApprovalError} where an envelope, signature or trust root does not hold
   * @throws {AgentError} `AGENT_RULE_PACK_UNREADABLE`, `AGENT_RULE_PACK_ROLLED_BACK`
   */
  read(path: string): ShelvedPack {
    const { stateDir, systemTrust, stance } = this.#options;
    const { profile } = stance;
    const text = readText(path);
    const pack = openRulePack(text, loadTrust({ stateDir, systemDirectory: systemTrust, profile }), profile);
    this.#refuseOlder(pack);
    const { name, version } = pack;
    const sources = pack.files.map((file) => ({ path: `${name}@${version}/${file.path}`, text: file.text }));
    return { ...pack, text, sources };
  }

  /** Keeps a pack as the last one in force. @throws {ApprovalError} where it cannot be kept */
  accept({ name, version, digest, text }: ShelvedPack): void {
    if (this.#mark()?.digest === digest) return;
    writeRulePack(this.copy, text);
    this.#options.meta.set(MARK, JSON.stringify({ name, version, digest } satisfies Mark));
  }

  #mark(): Mark | null {
    const kept = this.#options.meta.get(MARK);
    return kept === null ? null : markSchema.parse(JSON.parse(kept));
  }

  #refuseOlder({ name, version, digest }: RulePack): void {
    const mark = this.#mark();
    if (mark === null || version > mark.version || digest === mark.digest) return;
    const last = `${mark.name} ${mark.version}, which was in force here`;
    const message =
      version === mark.version
        ? `rule pack ${name} ${version} is not the same as ${last}`
        : `rule pack ${name} ${version} is older than ${last}`;
    throw new AgentError('AGENT_RULE_PACK_ROLLED_BACK', message, {
      hint: 'sign the rules anew with a higher version',
    });
  }
}

function readText(path: string): string {
  try {
    return readRulePack(path);
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new AgentError('AGENT_RULE_PACK_UNREADABLE', `the rule pack ${path} cannot be read`, { cause });
  }
}
