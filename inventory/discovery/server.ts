import { createHmac } from 'node:crypto';
import { dirname } from 'node:path';
import type { Profile, Scope, Server } from '../../wire/index.ts';
import type { Client, ConfigLocation } from '../clients/client.ts';
import { ArtefactSet, type HostFacts } from '../closure/artefacts.ts';
import { canonicalJson, sha256Hex } from '../closure/jcs.ts';
import { expandPath, type LaunchPlace } from '../closure/launch/expand.ts';
import { type Executables, realPathOf } from '../closure/launch/find-executable.ts';
import type { LaunchSpec } from '../closure/launch/launcher.ts';
import type { ClosureMemory } from '../closure/launch/script-sources.ts';
import { CommandTracer } from '../closure/launch/trace.ts';
import { type Anchors, portablePath, portableText } from '../closure/portable.ts';
import type { ServerEntry } from '../config/entry.ts';
import type { GuardStart, SeenEntry } from '../config/seen-entry.ts';
import { type ConfigValue, isList, isObject, type ValuePath } from '../config/value.ts';
import { findingsOf } from '../posture/findings.ts';
import type { Posture } from '../posture/posture.ts';
import { redactArgs, redactEntry, redactText, storableEntry } from '../posture/redact.ts';
import { classifySecret } from '../posture/secret.ts';
import type { HostUser } from '../users.ts';
import type { Environment } from './environment.ts';
import { pathAssumption, type SearchPath, wholePath } from './search-path.ts';

export interface EnvFact {
  /** HMAC-SHA256 of the value under the salt, lower-case hex. */
  readonly digest: string;
  /** The class of secret it looks like, or null. */
  readonly class: string | null;
}

/** A server with what only this host may know of it. */
export interface DiscoveredServer {
  readonly server: Omit<Server, 'state'>;
  /** What `~` and `${project}` stand for, each as it is named and as it resolves. */
  readonly anchors: Anchors;
  /** Null for a server that is only connected to. */
  readonly launch: LaunchSpec | null;
  readonly env: Readonly<Record<string, EnvFact>>;
  /** The entry as canonical JSON, indented, secrets replaced by their class: for text diffs. */
  readonly entry: string;
  /** How the client starts the guard that stands in front of it; null where none does. */
  readonly guard: GuardStart | null;
  /** Where its entry is written; null for a server that is in no config. */
  readonly written: WrittenEntry | null;
}

/** Where an entry is written, for who wants to edit it. */
export interface WrittenEntry {
  readonly location: ConfigLocation;
  readonly encodings: Client['encodings'];
  readonly realPath: string;
  /** Keys from the top of the document to the entry. */
  readonly keys: ValuePath;
  /** Whose client reads it. */
  readonly user: HostUser;
}

/** Where an entry was found. */
export interface EntrySource {
  readonly client: Client;
  readonly location: ConfigLocation;
  readonly scope: Scope;
  readonly path: string;
  readonly realPath: string;
  readonly linked: boolean;
  readonly project: string | null;
  /** What led to the project, as in `Server.project_source`. */
  readonly projectSource: string | null;
  readonly user: HostUser;
  readonly userName: string;
  /** What the client's servers inherit, as far as it is known. */
  readonly environment: Environment;
  /** Where the client looks for commands. */
  readonly searchPath: SearchPath;
}

export interface HostContext extends HostFacts {
  /** What closures of this scan have looked up. */
  readonly memory: ClosureMemory;
  readonly systemRoot: string;
  readonly platform: NodeJS.Platform;
  readonly salt: string;
  /** Whether findings are asked for. */
  readonly judged: boolean;
  /** How strictly findings are judged. */
  readonly profile: Profile;
}

/** Hexadecimal digits of a server's id. */
export const ID_HEX_DIGITS = 16;

/** The stable id of a server on a host: SHA-256 over client, scope, config path, project and name. */
export function serverId(
  client: string,
  scope: Scope,
  configPath: string,
  project: string | null,
  name: string,
): string {
  return sha256Hex([client, scope, configPath, project ?? '', name].join('\0')).slice(0, ID_HEX_DIGITS);
}

/** Builds one server from its entry: what it starts, the closure and the findings. */
export function describeServer(source: EntrySource, found: SeenEntry, host: HostContext) {
  const { entry } = found;
  const anchors: Anchors = { home: bothNames(source.user.home), project: bothNames(source.project) };
  const set = new ArtefactSet(host, anchors);
  const canonical = canonicalJson(portableValue(redactEntry(found.raw, 'digest'), anchors));
  set.addConfig(source.path, source.realPath, canonical, entry.name);
  const launch = traceLaunch(source, entry, set, host);
  const closure = set.closure();
  const args = redactArgs(entry.args, 'show');
  const posture = (): Posture => ({
    entry,
    raw: found.raw,
    launch,
    artefacts: closure.artefacts,
    user: source.userName,
    uid: source.user.uid,
    home: source.user.home,
    configLinked: source.linked,
    profile: host.profile,
    inherited: source.environment,
    searchPath: entry.env['PATH'] ?? wholePath(source.searchPath),
    writersOf: (directory) => host.writers.ofPlace(directory),
    isExecutable: (path) => host.memory.executables.has(path),
  });
  const server: Omit<Server, 'state'> = {
    id: serverId(source.client.id, source.scope, source.path, source.project, entry.name),
    client: source.client.id,
    scope: source.scope,
    config_path: source.path,
    config_line: found.at?.line ?? null,
    config_column: found.at?.column ?? null,
    project: source.project,
    portable_project:
      source.project === null ? null : portablePath(source.project, { home: anchors.home, project: [] }),
    project_source: source.projectSource,
    name: entry.name,
    transport: entry.transport,
    command: entry.command === null ? null : redactText(entry.command, '', 'show'),
    args,
    env_keys: Object.keys(entry.env),
    env_file: entry.envFile,
    cwd: entry.cwd,
    url: entry.url === null ? null : redactText(entry.url, '', 'show'),
    disabled: entry.disabled,
    auto_approve:
      entry.autoApprove === null || typeof entry.autoApprove === 'boolean'
        ? entry.autoApprove
        : [...entry.autoApprove],
    guarded: found.guard !== null,
    user: source.userName,
    closure,
    findings: host.judged ? findingsOf(posture()) : [],
    assumptions: assumptionsOf(source, entry, launch, host.memory.executables),
  };
  const text = JSON.stringify(JSON.parse(canonicalJson(storableEntry(found.raw))), null, 2);
  const env = envFacts(entry, host.salt);
  const { guard } = found;
  const written = writtenEntry(source, found);
  const discovered: DiscoveredServer = { server, anchors, launch, env, entry: text, guard, written };
  // A link to the guard may be turned to something else.
  if (guard !== null) set.files.add(guard.command);
  return { discovered, files: set.files, trees: set.trees };
}

function writtenEntry(source: EntrySource, { keys }: SeenEntry): WrittenEntry {
  const { location, client, realPath, user } = source;
  return { location, encodings: client.encodings, realPath, keys, user };
}

function traceLaunch(
  source: EntrySource,
  entry: ServerEntry,
  set: ArtefactSet,
  host: HostContext,
): LaunchSpec | null {
  const home = source.user.home;
  const place: LaunchPlace = {
    home,
    project: source.project,
    configDirectory: dirname(source.path),
    env: { ...source.environment, ...entry.env },
    systemRoot: host.systemRoot,
    platform: host.platform,
  };
  const start = source.project ?? home;
  const cwd = entry.cwd === null ? start : (expandPath(entry.cwd, start, place) ?? start);
  const path = entry.env['PATH'] ?? wholePath(source.searchPath);
  const tracer = new CommandTracer(set, place, path, host.memory);
  if (entry.envFile !== null) tracer.namedFile('env-file', entry.envFile, cwd);
  if (entry.headersHelper !== null) tracer.shellText(entry.headersHelper, cwd, 0);
  if (entry.command === null) return null;
  const traced = tracer.trace({ command: entry.command, args: entry.args, cwd, depth: 0, nested: false });
  tracer.traceEnvironment(entry.env, cwd);
  return {
    command: entry.command,
    args: entry.args,
    resolved: traced.resolved,
    launcher: traced.launcher,
    server_args: traced.serverArgs,
    package: traced.package,
    script: traced.script,
    cwd,
    uid: source.user.uid,
  };
}

/** Said only where it mattered: the command was looked for on a PATH that the entry does not set. */
function assumptionsOf(
  source: EntrySource,
  entry: ServerEntry,
  launch: LaunchSpec | null,
  executables: Executables,
): readonly string[] {
  if (launch === null || entry.env['PATH'] !== undefined) return [];
  const told = pathAssumption(
    launch.command,
    launch.cwd ?? source.user.home,
    source.searchPath,
    source.user.name,
    executables,
  );
  return told === null ? [] : [told];
}

function envFacts(entry: ServerEntry, salt: string): Readonly<Record<string, EnvFact>> {
  const facts: Record<string, EnvFact> = Object.create(null);
  for (const [name, value] of Object.entries(entry.env)) {
    const digest = createHmac('sha256', salt).update(value).digest('hex');
    facts[name] = { digest, class: classifySecret(name, value) };
  }
  return facts;
}

function portableValue(value: ConfigValue, anchors: Anchors): ConfigValue {
  if (typeof value === 'string') return portableText(value, anchors);
  if (isList(value)) return value.map((item) => portableValue(item, anchors));
  if (!isObject(value)) return value;
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, child] of Object.entries(value)) copy[key] = portableValue(child, anchors);
  return copy;
}

function bothNames(path: string | null): readonly string[] {
  if (path === null) return [];
  return [...new Set([path, realPathOf(path) ?? path])];
}
