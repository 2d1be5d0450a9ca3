import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { PROFILES } from '../../wire/index.ts';
import { DATABASE_FILE, Meta, readDatabase } from './database.ts';

const KEY = 'places';
const placesSchema = z.object({
  homes: z.array(z.string()),
  roots: z.array(z.string()),
  path: z.string(),
  profile: z.enum(PROFILES).default('developer'),
  group: z.string().nullable().default(null),
});
/** Where an agent looks, the PATH by which it finds executables, and how it judges. */
export type Places = Readonly<z.infer<typeof placesSchema>>;

/**
 * Keeps where an agent looks, so that a command with the same state directory looks there too and finds
 * the same executables, from whichever shell it is typed in.
 */
export function rememberPlaces(meta: Meta, places: Places): void {
  meta.set(KEY, JSON.stringify(places));
}

/** Where the agent of a state directory looks; null where none has run there yet. @throws {AgentError} */
export function readPlaces(stateDir: string): Places | null {
  if (!existsSync(join(stateDir, DATABASE_FILE))) return null;
  const database = readDatabase(stateDir);
  try {
    const text = new Meta(database).get(KEY);
    return text === null ? null : placesSchema.parse(JSON.parse(text));
  } finally {
    database.close();
  }
}
