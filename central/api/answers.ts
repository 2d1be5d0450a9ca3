import * as z from 'zod';
import { alertSchema, serverSchema } from '../../wire/index.ts';
import { AGENT_STATES } from '../store/schema.ts';

const next = z
  .string()
  .nullable()
  .describe('Pass it as `since` for what follows; null where nothing is on this page.');

/** Shapes of the answers, as the OpenAPI document shows them. */
export const ANSWERS = {
  alerts: z.object({ alerts: z.array(alertSchema), next }),
  servers: z.object({
    servers: z.array(
      z.object({
        ...serverSchema.unwrap().shape,
        agent: z.string(),
        host: z.string(),
        updated: z.iso.datetime(),
      }),
    ),
    next,
  }),
  hosts: z.object({
    hosts: z.array(
      z.object({
        id: z.string(),
        host: z.string(),
        os: z.string(),
        version: z.string(),
        first_seen: z.iso.datetime(),
        last_seen: z.iso.datetime(),
        last_seq: z.number().int(),
        state: z.enum(AGENT_STATES),
      }),
    ),
    next,
  }),
  health: z.object({
    status: z.enum(['ok', 'failing']),
    database: z.enum(['ok', 'failing']),
    feed: z.enum(['ok', 'failing', 'off']),
  }),
  fault: z.object({ code: z.string(), message: z.string() }),
} as const;
