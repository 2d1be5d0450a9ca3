/** Fields of one log line; never a token or another secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** What central needs of a logger; winston's loggers fit. */
export interface CentralLog {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Message of anything that was thrown, with its code where it has one. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && !error.message.includes(code)
    ? `${code}: ${error.message}`
    : error.message;
}
