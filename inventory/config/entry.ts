import type { Transport } from '../../wire/index.ts';
import type { Client } from '../clients/client.ts';
import type { Fault, Position } from '../errors.ts';
import { type ConfigObject, type ConfigValue, isList, isObject } from './value.ts';

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
}

const COMMAND_KEYS = ['command', 'cmd'] as const;
const URL_KEYS = ['httpUrl', 'url', 'serverUrl', 'uri', 'baseUrl', 'address'] as const;
const ENV_KEYS = ['env', 'environment', 'envs'] as const;
const HEADER_KEYS = ['headers', 'http_headers', 'env_http_headers'] as const;
const CWD_KEYS = ['cwd', 'workingDirectory', 'working_directory'] as const;
const ENV_FILE_KEYS = ['envFile', 'env_file'] as const;
const APPROVAL_KEYS = ['autoApprove', 'alwaysAllow', 'trust'] as const;
const TRANSPORT_KEYS = ['type', 'transport', 'transportType'] as const;

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

/** Normalises one entry; a field of the wrong type is a fault and counts as absent. */
export function readEntry(
  name: string,
  raw: ConfigObject,
  client: Client | null,
  at: Position | null,
): { readonly entry: ServerEntry; readonly faults: readonly Fault[] } {
  const reader = new FieldReader(name, raw, at);
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
    headers: { ...reader.strings(HEADER_KEYS), ...nestedHeaders(raw) },
    url,
    cwd: reader.string(CWD_KEYS)[1],
    disabled: reader.disabled(),
    autoApprove: reader.approval(),
    envFile: reader.string(ENV_FILE_KEYS)[1],
    headersHelper: reader.string(['headersHelper'])[1],
  };
  return { entry, faults: reader.faults };
}

function readCommand(reader: FieldReader): readonly [string | null, readonly string[]] {
  const key = COMMAND_KEYS.find((candidate) => Object.hasOwn(reader.raw, candidate));
  const value = key === undefined ? null : reader.raw[key];
  const args = reader.list('args');
  // Zed once wrapped the command: {"command": {"path": …, "args": […]}}.
  if (isObject(value) && typeof value['path'] === 'string') {
    return [value['path'], isList(value['args']) ? value['args'].map(textOf) : args];
  }
  if (isList(value)) {
    const [command, ...rest] = value.map(textOf);
    return [command ?? null, [...rest, ...args]];
  }
  if (typeof value === 'string' || value === null || value === undefined) return [value ?? null, args];
  reader.fault(`${key} is neither a string nor a list`);
  return [null, args];
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

function nestedHeaders(raw: ConfigObject): Readonly<Record<string, string>> {
  const init = raw['requestInit'];
  const headers = isObject(init) ? init['headers'] : undefined;
  return isObject(headers) ? textRecord(headers) : {};
}

/** Reads fields by any of their spellings and collects what is malformed. */
class FieldReader {
  readonly name: string;
  readonly raw: ConfigObject;
  readonly faults: Fault[] = [];
  readonly #at: Position | null;

  constructor(name: string, raw: ConfigObject, at: Position | null) {
    this.name = name;
    this.raw = raw;
    this.#at = at;
  }

  fault(what: string): void {
    const message = `server ${JSON.stringify(this.name)}: ${what}`;
    this.faults.push({ code: 'CONFIG_ENTRY_INVALID', message, at: this.#at });
  }

  string(keys: readonly string[]): readonly [string | null, string | null] {
    for (const key of keys) {
      const value = this.raw[key];
      if (typeof value === 'string') return [key, value];
      if (value !== undefined && value !== null) this.fault(`${key} is not a string`);
    }
    return [null, null];
  }

  list(key: string): readonly string[] {
    const value = this.raw[key];
    if (isList(value)) return value.map(textOf);
    if (value !== undefined && value !== null) this.fault(`${key} is not a list`);
    return [];
  }

  strings(keys: readonly string[]): Readonly<Record<string, string>> {
    const all: Record<string, string> = Object.create(null);
    for (const key of keys) {
      const value = this.raw[key];
      if (isObject(value)) Object.assign(all, textRecord(value));
      else if (isList(value)) Object.assign(all, assignments(value));
      else if (value !== undefined && value !== null) this.fault(`${key} is not an object`);
    }
    return all;
  }

  disabled(): boolean | null {
    const { disabled, enabled } = this.raw;
    if (typeof disabled === 'boolean') return disabled;
    return typeof enabled === 'boolean' ? !enabled : null;
  }

  approval(): readonly string[] | boolean | null {
    for (const key of APPROVAL_KEYS) {
      const value = this.raw[key];
      if (typeof value === 'boolean') return value;
      if (isList(value)) return value.map(textOf);
      if (typeof value === 'string' && key !== 'trust') return [value];
    }
    return null;
  }
}

function textOf(value: ConfigValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function textRecord(value: ConfigObject): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  for (const [key, child] of Object.entries(value)) record[key] = textOf(child);
  return record;
}

/** Docker Compose spells an environment as `["A=1", "B"]`. */
function assignments(list: readonly ConfigValue[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  for (const item of list.map(textOf)) {
    const at = item.indexOf('=');
    record[at < 0 ? item : item.slice(0, at)] = at < 0 ? '' : item.slice(at + 1);
  }
  return record;
}
