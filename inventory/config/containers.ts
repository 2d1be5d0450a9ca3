import type { Client, Container } from '../clients/client.ts';
import type { Fault, Position } from '../errors.ts';
import { MAX_SERVERS_PER_FILE } from '../limits.ts';
import { looksLikeServer, readEntry, type ServerEntry } from './entry.ts';
import {
  addFault,
  type ConfigDocument,
  type ConfigValue,
  findForbiddenKey,
  isList,
  isObject,
  quoted,
  type ValuePath,
} from './value.ts';

/** An entry with the value it was read from. */
export interface FoundEntry {
  readonly entry: ServerEntry;
  readonly raw: ConfigValue;
  /** The project named by the container (`projects.<path>.mcpServers`), else null. */
  readonly project: string | null;
  /** Where the entry stands in its file; null where the parser cannot tell. */
  readonly at: Position | null;
  /** Keys from the top of the document to the entry. */
  readonly keys: ValuePath;
}

/** Every container key that some client reads; tried for files of clients that are not known. */
const KNOWN_CONTAINERS: readonly Container[] = [
  { path: ['mcpServers'] },
  { path: ['servers'] },
  { path: ['mcp', 'servers'] },
  { path: ['mcp.servers'] },
  { path: ['mcp', 'mcpServers'] },
  { path: ['mcp'] },
  { path: ['mcp_servers'] },
  { path: ['context_servers'] },
  { path: ['extensions'] },
  { path: ['amp.mcpServers'] },
  { path: ['powers', 'mcpServers'] },
  { path: ['settings', 'mcp', 'servers'] },
  { path: ['customizations', 'vscode', 'mcp', 'servers'] },
  { path: ['projects', '*', 'mcpServers'] },
  { path: ['server', 'mcp_config'], kind: 'single' },
  { path: ['plugins'] },
];

interface Candidate {
  readonly name: string;
  readonly value: ConfigValue;
  readonly path: ValuePath;
  readonly project: string | null;
}

/** The servers of one document; `strict` reads only the given containers, else every known one after them. */
export function findEntries(
  document: ConfigDocument,
  client: Client | null,
  containers: readonly Container[],
  strict: boolean,
): { readonly entries: readonly FoundEntry[]; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const collected = new Map<string, Candidate>();
  const add = (container: Container, own: boolean) => {
    for (const candidate of candidatesOf(document, container)) {
      if (own || looksLikeServer(candidate.value)) {
        const key = JSON.stringify(candidate.path);
        if (!collected.has(key)) collected.set(key, candidate);
      }
    }
  };
  const wrapped = containers.filter((container) => container.kind !== 'flat');
  const isOwn = (container: Container) =>
    wrapped.some((own) => own.path.join('\0') === container.path.join('\0'));
  if (!strict) for (const container of KNOWN_CONTAINERS) add(container, isOwn(container));
  for (const container of wrapped) {
    add(container, true);
    for (const fault of malformedMaps(document, container)) addFault(faults, fault);
  }
  for (const fault of miscasedMaps(document, wrapped)) addFault(faults, fault);
  const mayBeFlat = !strict || wrapped.length < containers.length;
  const isWrapped = wrapped.some(
    ({ path }) => document.root !== null && path[0] !== undefined && path[0] in document.root,
  );
  if (mayBeFlat && collected.size === 0 && !isWrapped) add({ path: [], kind: 'flat' }, false);
  const entries = readCandidates([...collected.values()], document, client, faults);
  return { entries, faults };
}

/** A client's own server map that is neither a map nor a list, and so hides whatever it meant to name. */
function malformedMaps(document: ConfigDocument, container: Container): readonly Fault[] {
  return valuesAt(document.root, container.path).flatMap(({ value, path }) => {
    if (value === null || isObject(value) || isList(value) || container.mayBePath === true) return [];
    const message = `${quoted(path.join('.'))} holds no servers: it is neither an object nor a list`;
    return [{ code: 'CONFIG_ENTRY_INVALID' as const, message, at: document.positionOf(path) }];
  });
}

/** Clients compare keys exactly, so a map under `mcpservers` is read by none; a reader may think otherwise. */
function miscasedMaps(document: ConfigDocument, containers: readonly Container[]): readonly Fault[] {
  const exact = new Set(containers.map(({ path }) => path[0]));
  const lower = new Map([...exact].map((key) => [key?.toLowerCase(), key]));
  return Object.entries(document.root ?? {}).flatMap(([key, value]) => {
    const meant = lower.get(key.toLowerCase());
    if (meant === undefined || exact.has(key) || typeof value !== 'object' || value === null) return [];
    const message = `${quoted(key)} is not read: the client's key is ${quoted(meant)}`;
    return [{ code: 'CONFIG_ENTRY_INVALID' as const, message, at: document.positionOf([key]) }];
  });
}

function readCandidates(
  candidates: readonly Candidate[],
  document: ConfigDocument,
  client: Client | null,
  faults: Fault[],
): readonly FoundEntry[] {
  const entries: FoundEntry[] = [];
  for (const { name, value, path, project } of candidates.slice(0, MAX_SERVERS_PER_FILE)) {
    const at = document.positionOf(path);
    const forbidden = findForbiddenKey({ [name]: value });
    if (forbidden !== null) {
      const message = `server ${quoted(name)} is refused: the key ${quoted(forbidden.at(-1) ?? '')} is not allowed`;
      const place = document.positionOf([...path, ...forbidden.slice(1)]);
      addFault(faults, { code: 'CONFIG_FORBIDDEN_KEY', message, at: place });
    } else if (!isObject(value)) {
      const message = `server ${quoted(name)} is not an object`;
      addFault(faults, { code: 'CONFIG_ENTRY_INVALID', message, at });
    } else {
      const read = readEntry(name, value, client, (field) => document.positionOf([...path, ...field]));
      entries.push({ entry: read.entry, raw: value, project, at, keys: path });
      for (const fault of read.faults) addFault(faults, fault);
    }
  }
  if (candidates.length > MAX_SERVERS_PER_FILE) {
    const message = `${candidates.length} servers; only the first ${MAX_SERVERS_PER_FILE} are read`;
    const at = document.positionOf(candidates[MAX_SERVERS_PER_FILE]?.path ?? []);
    faults.push({ code: 'CONFIG_TOO_MANY_SERVERS', message, at });
  }
  return entries;
}

function candidatesOf(document: ConfigDocument, container: Container): readonly Candidate[] {
  return valuesAt(document.root, container.path).flatMap(({ value, path, project }) => {
    if (container.kind === 'single') {
      const title = document.root?.['name'];
      return [{ name: typeof title === 'string' ? title : '', value, path, project }];
    }
    if (isList(value)) {
      const paths = container.mayBePath === true;
      return value.flatMap((item, index) => {
        if (paths && typeof item === 'string') return [];
        const title = isObject(item) ? item['name'] : undefined;
        return {
          name: typeof title === 'string' ? title : `#${index}`,
          value: item,
          path: [...path, index],
          project,
        };
      });
    }
    if (!isObject(value)) return [];
    return Object.entries(value).map(([name, item]) => ({
      name,
      value: item,
      path: [...path, name],
      project,
    }));
  });
}

/** The values at a key path whose `*` stands for any key, which is the project, or for any item of a list. */
function valuesAt(
  value: ConfigValue,
  keys: readonly string[],
  path: ValuePath = [],
  project: string | null = null,
): readonly { readonly value: ConfigValue; readonly path: ValuePath; readonly project: string | null }[] {
  const [key, ...rest] = keys;
  if (key === undefined) return [{ value, path, project }];
  if (key === '*' && isList(value))
    return value.flatMap((child, index) => valuesAt(child, rest, [...path, index], project));
  if (!isObject(value)) return [];
  if (key === '*') {
    return Object.entries(value).flatMap(([name, child]) => valuesAt(child, rest, [...path, name], name));
  }
  const child = value[key];
  return child === undefined ? [] : valuesAt(child, rest, [...path, key], project);
}
