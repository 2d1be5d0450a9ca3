import * as z from 'zod';

/** How bundles are taken in and rolled out, as the operator writes it. */
export const bundleSettings = z.strictObject({
  /** Directory of trust roots, as on hosts: whose bundles and approvals central takes in. Absent: none are taken. */
  trust_dir: z.string().min(1).max(4_096).optional(),
  /**
   * File of an Ed25519 private key (PKCS #8, PEM, mode 0600) with which central signs what approvers decide. Whoever takes
   * over central then decides what runs on every host that trusts it; without it, approvers sign with keys of their own.
   */
  signing_key: z.string().min(1).max(4_096).optional(),
  /** Milliseconds that canaries must be well with a bundle before all hosts get it. */
  soak_ms: z
    .number()
    .int()
    .min(0)
    .default(15 * 60_000),
  /** Milliseconds between two looks at rollouts. */
  look_ms: z.number().int().min(50).default(5_000),
  /** Percent of canaries that may refuse a bundle. */
  refused_percent: z.number().min(0).max(100).default(5),
  /** Percentage points by which more canaries than others may be away, degraded or losing. */
  worse_percent: z.number().min(0).max(100).default(10),
  /** How many times as many alerts an hour canaries may raise as before, and as the others do now. */
  alert_factor: z.number().min(1).default(3),
  /** Alerts of all canaries together below which their rate says nothing. */
  least_alerts: z.number().int().min(1).default(20),
});
export type BundleSettings = Readonly<z.infer<typeof bundleSettings>>;
