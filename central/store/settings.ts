import * as z from 'zod';

const GIBIBYTE = 1024 ** 3;

/** Where central keeps its data: the path of an SQLite file, or a PostgreSQL database. */
export const databaseSetting = z.union([
  z.string().min(1),
  z.strictObject({
    /** File that holds `postgres://USER:PASSWORD@HOST:PORT/DATABASE` and nothing else; mode 0600. */
    postgres_url_file: z.string().min(1),
  }),
]);
export type DatabaseSetting = z.infer<typeof databaseSetting>;

/** How long alerts are kept. What a feed has not taken yet stays, up to `hard_bytes`. */
export const retentionSettings = z
  .strictObject({
    /** Days since an alert was received; null: for ever. */
    keep_days: z.number().int().min(1).max(36_500).nullable().default(90),
    /** Bytes of all alerts as JSON, above which the oldest go; on disk they take about twice that. Null: no bound. */
    keep_bytes: z
      .number()
      .int()
      .min(1)
      .nullable()
      .default(20 * GIBIBYTE),
    /** Bytes above which even alerts go that a feed has not taken: counted as lost. Null: never. */
    hard_bytes: z
      .number()
      .int()
      .min(1)
      .nullable()
      .default(40 * GIBIBYTE),
  })
  .refine(
    ({ keep_bytes, hard_bytes }) => hard_bytes === null || (keep_bytes !== null && keep_bytes <= hard_bytes),
    'hard_bytes needs a keep_bytes that is not above it',
  );
export type RetentionSettings = z.infer<typeof retentionSettings>;
