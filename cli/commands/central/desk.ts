import { userInfo } from 'node:os';
import {
  databaseOf,
  type IdentityDesk,
  identityOf,
  loadCentralConfig,
  withIdentityDesk,
} from '../../../central/index.ts';
import { CliError } from '../../errors.ts';
import { makeLog } from '../../logger.ts';
import type { Output } from '../../output.ts';

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export interface CentralPlace {
  /** Central's config file. */
  readonly config: string;
}

/** Who is named in the audit log as having done it. */
export function operator(): string {
  return `cli:${userInfo().username}`;
}

/** Uses the identities of the central of a config file, whether or not it runs. */
export async function atDesk<T>(
  { config: file }: CentralPlace,
  use: (desk: IdentityDesk) => Promise<T>,
): Promise<T> {
  const config = loadCentralConfig(file);
  try {
    return await withIdentityDesk(databaseOf(config), identityOf(config), makeLog('plain', 'warn'), use);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CliError('CLI_USAGE', cause.message, { cause });
  }
}

/** Milliseconds of `90m`, `12h` or `7d`. @throws {CliError} */
export function duration(option: string, text: string): number {
  const parts = /^(\d{1,6})([mhd])$/.exec(text);
  const unit = parts?.[2] as keyof typeof UNITS | undefined;
  const ms = unit === undefined ? 0 : Number(parts?.[1]) * UNITS[unit];
  if (ms > 0) return ms;
  throw new CliError('CLI_USAGE', `--${option} takes a time such as 90m, 12h or 7d`);
}

/** @throws {CliError} */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CliError('CLI_USAGE', `--${option} must be a whole number above 0`);
}

/** Lines of equal columns. */
export function columns(rows: readonly (readonly string[])[], output: Output): void {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  for (const row of rows) {
    output.answer(
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
