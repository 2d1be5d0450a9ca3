import type { Problem, Transport } from '../../wire/index.ts';
import { findClient } from '../clients/catalogue.ts';
import { type Fault, problemOf } from '../errors.ts';
import { findEntries } from './containers.ts';
import { formatOfPath, readConfigFile } from './document.ts';
import type { ServerEntry } from './entry.ts';
import { type GuardAcceptance, seenThrough } from './seen-entry.ts';

/** A server as `sealwatch inventory parse` answers it. */
export interface ParsedServer {
  readonly name: string;
  readonly transport: Transport;
  readonly command: string | null;
  readonly args: readonly string[];
  readonly env_keys: readonly string[];
  readonly url: string | null;
  readonly cwd: string | null;
  readonly disabled: boolean | null;
  readonly auto_approve: readonly string[] | boolean | null;
  readonly env_file: string | null;
  readonly header_keys: readonly string[];
  /** The project directory the file names for it (`projects.<path>.mcpServers`); null elsewhere. */
  readonly project: string | null;
  /** Whether the entry starts the guard, as `sealwatch wrap` writes it; all else here is as it stands in the file. */
  readonly guarded: boolean;
}

/** The answer of `sealwatch inventory parse --client ID FILE`. */
export interface ParsedConfig {
  readonly client: string;
  readonly valid: boolean;
  readonly servers: readonly ParsedServer[];
  readonly problems: readonly Problem[];
}

const NO_GUARD: GuardAcceptance = { isGuard: () => false, isStateDir: () => false };

/**
 * Reads one config file as a client's. Entries under a key that the client does not read are listed all
 * the same. Never throws for what the file holds; the format follows the file's ending (JSON by default).
 */
export function parseConfigFile(
  clientId: string,
  path: string,
  accepted: GuardAcceptance = NO_GUARD,
): ParsedConfig {
  const client = findClient(clientId);
  const faults: Fault[] = [];
  if (client === null) {
    const message = `unknown client ${JSON.stringify(clientId)}: read by every known container key`;
    faults.push({ code: 'INVENTORY_UNKNOWN_CLIENT', message, at: null });
  }
  const format = formatOfPath(path);
  const embedding = client?.locations.find((at) => at.format === format && at.embedded !== undefined);
  const file = readConfigFile(path, format, { embedded: embedding?.embedded, encodings: client?.encodings });
  if (file.missing) faults.push({ code: 'CONFIG_NOT_FOUND', message: 'no such file', at: null });
  faults.push(...file.faults);
  const answer = { client: clientId, valid: file.valid };
  if (file.document === null || file.document.root === null) {
    return { ...answer, servers: [], problems: faults.map((fault) => problemOf(path, fault)) };
  }
  const containers = (client?.locations ?? []).flatMap((location) => location.containers);
  const found = findEntries(file.document, client, containers, false);
  return {
    ...answer,
    servers: found.entries.map((entry) => {
      const place = { clients: new Set([client?.id ?? clientId]), name: entry.entry.name, path };
      const { guard } = seenThrough(entry, client, place, accepted);
      return parsedServer(entry.entry, entry.project, guard !== null);
    }),
    problems: [...faults, ...found.faults].map((fault) => problemOf(path, fault)),
  };
}

function parsedServer(entry: ServerEntry, project: string | null, guarded: boolean): ParsedServer {
  return {
    name: entry.name,
    transport: entry.transport,
    command: entry.command,
    args: entry.args,
    env_keys: Object.keys(entry.env),
    url: entry.url,
    cwd: entry.cwd,
    disabled: entry.disabled,
    auto_approve: entry.autoApprove,
    env_file: entry.envFile,
    header_keys: Object.keys(entry.headers),
    project,
    guarded,
  };
}
