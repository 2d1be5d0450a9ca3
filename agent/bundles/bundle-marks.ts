import * as z from 'zod';
import type { FleetBundle } from '../../approval/index.ts';
import type { BundleKind } from '../../wire/index.ts';
import { AgentError } from '../errors.ts';
import type { Meta } from '../state/database.ts';

const markSchema = z.object({
  version: z.number().int().positive(),
  /** Of what was signed. */
  digest: z.string(),
  /** Of the text as it was fetched. */
  sha256: z.string(),
});
/** The bundle of a kind that was taken last. */
export type BundleMark = Readonly<z.infer<typeof markSchema>>;

/** What this host took last of each kind, and will not go back behind; kept in the state database. */
export class BundleMarks {
  readonly #meta: Pick<Meta, 'get' | 'set'>;

  constructor(meta: Pick<Meta, 'get' | 'set'>) {
    this.#meta = meta;
  }

  of(kind: BundleKind): BundleMark | null {
    const kept = this.#meta.get(keyOf(kind));
    return kept === null ? null : markSchema.parse(JSON.parse(kept));
  }

  set(kind: BundleKind, mark: BundleMark): void {
    this.#meta.set(keyOf(kind), JSON.stringify(mark));
  }

  /** @throws {AgentError} AGENT_BUNDLE_ROLLED_BACK for an older one, or another one of the same version */
  refuseOlder(kind: BundleKind, { version, digest }: Pick<FleetBundle, 'version' | 'digest'>): void {
    const mark = this.of(kind);
    if (mark === null || version > mark.version) return;
    if (version === mark.version && digest === mark.digest) return;
    const message =
      version === mark.version
        ? `bundle ${kind} ${version} is not the same as the one that was taken here`
        : `bundle ${kind} ${version} is older than ${mark.version}, which was taken here`;
    throw new AgentError('AGENT_BUNDLE_ROLLED_BACK', message, { hint: 'sign it anew with a higher version' });
  }
}

function keyOf(kind: BundleKind): string {
  return `bundle_mark:${kind}`;
}
