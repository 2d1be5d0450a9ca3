import { isIP } from 'node:net';
import * as z from 'zod';
import { isSpiffeId } from '../../approval/index.ts';

/** Names and addresses in central's certificate, those that it finds itself aside. */
const MAX_SERVER_NAMES = 64;
const DNS_NAME = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*$/;
const ADDRESS = /^(?:\[(?<six>[0-9A-Fa-f:.]{2,45})\]|(?<host>[A-Za-z0-9.-]{1,253})):(?<port>\d{1,5})$/;

/** ADDRESS:PORT to listen on, an IPv6 address in brackets; port 0 takes any free one. */
export const listenAddress = z.string().transform((text, context) => {
  const groups = ADDRESS.exec(text)?.groups;
  const host = groups?.['six'] ?? groups?.['host'];
  const port = Number(groups?.['port'] ?? Number.NaN);
  if (host !== undefined && port <= 65_535) return { host, port };
  context.addIssue({ code: 'custom', message: 'is no ADDRESS:PORT' });
  return z.NEVER;
});

/** How agents prove who they are, as the operator writes it. */
export const identitySettings = z.strictObject({
  /** ADDRESS:PORT where agents connect by TLS; port 0 takes any free one. */
  listen: listenAddress.default({ host: '0.0.0.0', port: 7443 }),
  /** Directory of the certificate authority, mode 0700. Whoever reads it can be any agent. */
  directory: z.string().min(1).max(4_096),
  /** SPIFFE trust domain of the fleet; the host's name where absent, and fixed once the authority is made. */
  trust_domain: z
    .string()
    .max(255)
    .refine(
      (domain) => isSpiffeId(`spiffe://${domain}`) && !domain.includes('/'),
      'is no SPIFFE trust domain',
    )
    .optional(),
  /** DNS names and IP addresses by which agents reach central, beside the address it listens on. */
  names: z
    .array(
      z.string().refine((name) => isIP(name) !== 0 || DNS_NAME.test(name), 'is neither name nor address'),
    )
    .max(MAX_SERVER_NAMES)
    .default([]),
  /** Hours that an agent's certificate is good for; it is renewed at half of that. */
  certificate_hours: z
    .number()
    .int()
    .min(1)
    .max(24 * 30)
    .default(24),
  /** Days after its end within which a certificate still renews itself; later the agent needs a token again. */
  reenrol_days: z.number().int().min(0).max(3_650).default(90),
  /** Groups whose tokens may give an agent's id to another key: for hosts that are set up anew under their old id. */
  reenrol_groups: z.array(z.string().min(1).max(256)).max(1_000).default([]),
});
export type IdentitySettings = Readonly<z.infer<typeof identitySettings>>;
