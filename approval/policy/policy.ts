import { z } from 'zod';

const MAX_ITEMS = 1_000;
const text = z.string().min(1).max(4_096);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What a server may do while it runs. Null is everything; a list allows what it names and nothing else. Lists
 * are sorted and name nothing twice, so that one policy is written in one way.
 */
export const policySchema = z.strictObject({
  /** Tools by name; `digest` binds the definition as well (SHA-256 of its canonical JSON), null any. */
  tools: z
    .array(z.strictObject({ name: text, digest: sha256.nullable() }))
    .max(MAX_ITEMS)
    .nullable(),
  /** Programs that it may start, as portable paths. */
  executables: z.array(text).max(MAX_ITEMS).nullable(),
  shells: z.boolean(),
  /** `host`, `host:port`, `*.example.com:443`, or an address range in CIDR notation. */
  destinations: z.array(text).max(MAX_ITEMS).nullable(),
  /** Where it may write, as portable paths. */
  writable_paths: z.array(text).max(MAX_ITEMS).nullable(),
});
export type Policy = z.infer<typeof policySchema>;
