import { redactComplaint } from './complaint.ts';
import { type CommandOutput, type Environment, runSecretCommand } from './secret-command.ts';
import { readSecretFile } from './secret-file.ts';
import { type SecretSource, SourceFault, textOfValue, unavailable } from './secret-source.ts';
import { SecretValues } from './secret-values.ts';

/** Milliseconds that a command may take unless told otherwise. */
const COMMAND_TIMEOUT_MS = 30_000;

/** How values are fetched. */
export interface FetchOptions {
  /** The guard's own environment; commands get seven names of it. */
  readonly env: Environment;
  /** Milliseconds that each command may take. */
  readonly timeoutMs?: number;
  /** Ends the commands, and the fetch with its reason. */
  readonly signal?: AbortSignal;
  /** Hears what a command that failed said on stderr: one line of at most 200 characters, redacted. */
  readonly onComplaint?: (name: string, line: string) => void;
}

/** A value to be fetched, and the name under which it is kept. */
export type NamedSource = SecretSource & { readonly name: string };

/**
 * Fetches every value from its command or file, all at once. Where one fails, the commands that still run are ended.
 * Values are UTF-8, not empty, at most 64 KiB and without NUL; one line break at the end is taken away.
 * @throws {GuardError} `GUARD_SECRET_UNAVAILABLE`, which names the variable and the source, never what was read
 */
export async function fetchSecrets(
  sources: readonly NamedSource[],
  options: FetchOptions,
): Promise<ReadonlyMap<string, string>> {
  refuseTwice(sources);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const fetched = sources.map(async (source): Promise<[string, string]> => {
    try {
      return [source.name, await fetchOne(source, options, signal)];
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(fetched);
  signal.throwIfAborted();
  return new SecretValues(await Promise.all(fetched));
}

function refuseTwice(sources: readonly NamedSource[]): void {
  const names = new Set<string>();
  for (const source of sources) {
    if (names.has(source.name))
      throw unavailable(source.name, source, new SourceFault('the policy names another source, too'));
    names.add(source.name);
  }
}

async function fetchOne(source: NamedSource, options: FetchOptions, signal: AbortSignal): Promise<string> {
  const { name, command, file = '' } = source;
  const { env, timeoutMs = COMMAND_TIMEOUT_MS, onComplaint } = options;
  try {
    if (command === undefined) return textOfValue(readSecretFile(file));
    const onFailure = ({ stdout, stderr }: CommandOutput) => {
      if (stderr.length > 0) onComplaint?.(name, redactComplaint(stderr, stdout));
    };
    return textOfValue(await runSecretCommand(command, { env, timeoutMs, signal, onFailure }));
  } catch (error) {
    if (error instanceof SourceFault) throw unavailable(name, source, error);
    throw error;
  }
}
