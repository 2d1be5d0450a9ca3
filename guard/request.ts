import type { EntryPlace } from '../inventory/index.ts';

/** What a client asked the guard to start, and where it said that it stands. */
export interface GuardRequest {
  /** Id of the client; null where it was not said. */
  readonly client: string | null;
  /** Name of the entry; null where it was not said. */
  readonly name: string | null;
  /** The config that holds the entry; null where it was not said. */
  readonly config: string | null;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A word in whose place clients put something else: a variable, the home, an input. */
const VARIABLE = /^~|\$\{|\$[A-Za-z_]|%[A-Za-z_]+%|\{env:/;

/** Whether an entry is one that the request may be about, by what was said of it. */
export function isMeant(request: GuardRequest, { client, path, entry }: EntryPlace): boolean {
  const { client: wanted, name, config } = request;
  return (
    (wanted === null || wanted === client) &&
    (name === null || name === entry.name) &&
    (config === null || config === path)
  );
}

/** Whether an entry asks for the command of the request; what a client expands matches anything that fits. */
export function asksFor(
  entry: { readonly command: string | null; readonly args: readonly string[] },
  request: GuardRequest,
): boolean {
  if (entry.command === null || entry.args.length !== request.args.length) return false;
  const asked = [entry.command, ...entry.args];
  const given = [request.command, ...request.args];
  return asked.every((word, index) => fits(word, given[index] ?? ''));
}

function fits(word: string, given: string): boolean {
  if (word === given) return true;
  const variable = word.search(VARIABLE);
  return variable >= 0 && given.startsWith(word.slice(0, variable));
}
