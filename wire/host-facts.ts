import * as z from 'zod';
import { PROFILES } from './server.ts';

/** File under the agent's state directory that tells the host's guards how to judge; anybody may read it. */
export const HOST_FACTS_FILE = 'host.json';
/** Bytes of that file. */
export const MAX_HOST_FACTS_BYTES = 64 * 1024;

/** How a host judges, as its agent publishes it. */
export const hostFactsSchema = z
  .object({
    /** Version of this format. */
    v: z.literal(1),
    profile: z.enum(PROFILES),
    /** The group that this host belongs to; approvals may be for one. */
    hostGroup: z.string().min(1).max(256).nullable(),
    /** Directory of the host's trust roots, which alone counts where it exists; null for none. */
    trustDirectory: z.string().max(4_096).nullable(),
  })
  .readonly();
export type HostFacts = z.infer<typeof hostFactsSchema>;
