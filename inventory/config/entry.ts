import type { Transport } from '../../wire/index.ts';
import type { Client } from '../clients/client.ts';
import type { Fault, Position } from '../errors.ts';
import { FieldReader } from './fields.ts';
import { type ConfigObject, type ConfigValue, isList, isObject, type ValuePath } from './value.ts';

/** One server as its config says it: literal, nothing expanded, absent fields null. */
export interface ServerEntry {
  readonly name: string;
  readonly transport: Transport;
  readonly command: string | null;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string | null;
  readonly cwd: string | null;
  readonly disabled: boolean | null;
  readonly autoApprove: readonly string[] | boolean | null;
  readonly envFile: string | null;
  /** A command that a client runs to get headers. */
  readonly headersHelper: string | null;
  /** Names of variables that the client hands on from its own environment or key store. */
  readonly passedEnv: readonly string[];
  /** Which of its tools may be used; null where the entry does not say. */
  readonly toolFilter: ToolFilter | null;
  /** Whether the client is asked to run it in its sandbox. */
  readonly sandboxed: boolean | null;
}

export interface ToolFilter {
  /** Null where all but the excluded are. */
  readonly included: readonly string[] | null;
  readonly excluded: readonly string[];
}

export const COMMAND_KEYS = ['command', 'cmd'] as const;
export const URL_KEYS = ['httpUrl', 'url', 'serverUrl', 'uri', 'baseUrl', 'address'] as const;
const ENV_KEYS = ['env', 'environment', 'envs'] as const;
export const HEADER_KEYS = ['headers', 'http_headers', 'env_http_headers'] as const;
const PASSED_ENV_KEYS = ['env_keys', 'env_vars'] as const;
const INCLUDED_TOOL_KEYS = ['enabled_tools', 'includeTools', 'available_tools', 'tools'] as const;
const EXCLUDED_TOOL_KEYS = ['disabled_tools', 'disabledTools', 'excludeTools'] as const;
const CWD_KEYS = ['cwd', 'workingDirectory', 'working_directory'] as const;
const ENV_FILE_KEYS = ['envFile', 'env_file'] as const;
export const TRANSPORT_KEYS = ['type', 'transport', 'transportType'] as const;

const TRANSPORT_SPELLINGS: Readonly<Record<string, Transport>> = {
  stdio: 'stdio',
  local: 'stdio',
  http: 'http',
  'streamable-http': 'http',
  streamable_http: 'http',
  streamablehttp: 'http',
  remote: 'http',
  sse: 'sse',
};

/** True where a value looks like a server: it says what to run, what to connect to, or how. */
export function looksLikeServer(value: ConfigValue | undefined): boolean {
  if (!isObject(value)) return false;
  if ([...COMMAND_KEYS, ...URL_KEYS].some((key) => Object.hasOwn(value, key))) return true;
  return TRANSPORT_KEYS.some((key) => {
    const spelling = value[key];
    return typeof spelling === 'string' && Object.hasOwn(TRANSPORT_SPELLINGS, spelling.toLowerCase());
  });
}

/**
 * Normalises one entry; a field of the wrong type is a fault at its key and counts as absent. `positionOf`
 * answers for key paths below the entry.
 */
export function readEntry(
  name: string,
  raw: ConfigObject,
  client: Client | null,
  positionOf: (path: ValuePath) => Position | null,
): { readonly entry: ServerEntry; readonly faults: readonly Fault[] } {
  const reader = new FieldReader(name, raw, positionOf);
  const [command, args] = readCommand(reader);
  const [urlKey, url] = reader.string(URL_KEYS);
  const entry: ServerEntry = {
    name,
    transport: transportOf(
      reader,
      command,
      url,
      (urlKey === null ? null : client?.urlTransports?.[urlKey]) ?? null,
    ),
    command,
    args,
    env: reader.strings(ENV_KEYS),
    headers: { ...reader.strings(HEADER_KEYS), ...reader.nestedStrings('requestInit', 'headers') },
    url,
    cwd: reader.string(CWD_KEYS)[1],
    disabled: reader.disabled(),
    autoApprove: reader.approval(),
    envFile: reader.string(ENV_FILE_KEYS)[1],
    headersHelper: reader.string(['headersHelper'])[1],
    passedEnv: PASSED_ENV_KEYS.flatMap((key) => reader.names(key) ?? []),
    toolFilter: toolFilterOf(reader),
    sandboxed: reader.flag('sandboxEnabled'),
  };
  return { entry, faults: reader.faults };
}

function readCommand(reader: FieldReader): readonly [string | null, readonly string[]] {
  const key = COMMAND_KEYS.find((candidate) => Object.hasOwn(reader.raw, candidate));
  const value = key === undefined ? null : reader.raw[key];
  const args = reader.list(['args']);
  if (key === undefined || value === null || value === undefined) return [null, args];
  if (typeof value === 'string') return [value, args];
  // Zed once wrapped the command: {"command": {"path": …, "args": […]}}.
  if (isObject(value) && typeof value['path'] === 'string') {
    return [value['path'], Object.hasOwn(value, 'args') ? reader.list([key, 'args']) : args];
  }
  if (isList(value)) {
    const [command, ...rest] = reader.list([key]);
    return [command ?? null, [...rest, ...args]];
  }
  reader.fault([key], 'is neither a string nor a list');
  return [null, args];
}

function toolFilterOf(reader: FieldReader): ToolFilter | null {
  const included = INCLUDED_TOOL_KEYS.map((key) => reader.names(key)).find((names) => names !== null) ?? null;
  const excluded = EXCLUDED_TOOL_KEYS.flatMap((key) => reader.names(key) ?? []);
  return included === null && excluded.length === 0 ? null : { included, excluded };
}

function transportOf(
  reader: FieldReader,
  command: string | null,
  url: string | null,
  byUrlKey: 'http' | 'sse' | null,
): Transport {
  for (const key of TRANSPORT_KEYS) {
    const value = reader.raw[key];
    const spelling = isObject(value) ? value['type'] : value;
    if (typeof spelling === 'string') {
      const lower = spelling.toLowerCase();
      return Object.hasOwn(TRANSPORT_SPELLINGS, lower)
        ? (TRANSPORT_SPELLINGS[lower] ?? 'unknown')
        : 'unknown';
    }
  }
  if (command !== null) return 'stdio';
  if (url === null) return 'unknown';
  return byUrlKey ?? (/\/sse\/?(?:[?#]|$)/.test(url) ? 'sse' : 'http');
}
