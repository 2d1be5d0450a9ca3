import { CliError } from './errors.ts';

/** Parses `ADDRESS:PORT`, `[IPv6]:PORT`, `ADDRESS` or `PORT`. @throws {CliError} */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):)?(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port'] ?? Number.NaN);
  if (match !== null && port <= 65_535) {
    const host = (match.groups?.['host'] ?? '').replace(/^\[|\]$/g, '');
    return { host: host === '' ? '127.0.0.1' : host, port };
  }
  throw new CliError('CLI_USAGE', `${text} is no address to listen on`, {
    hint: 'for example 127.0.0.1:7300',
  });
}
