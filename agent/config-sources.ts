import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import * as z from 'zod';
import { isExposed } from '../approval/index.ts';
import { parseConfigBytes } from '../inventory/index.ts';
import { AgentError } from './errors.ts';

const MAX_CONFIG_BYTES = 256 * 1024;
/** Files of a directory of fragments. */
const MAX_FRAGMENT_FILES = 256;
const FRAGMENT = /^[^.].*\.ya?ml$/;
/** What profiles of macOS may add to the settings of a domain; it says nothing to us. */
const PROFILE_KEY = /^Payload[A-Z]/;

/** Domain of the preferences that a device management may set for the agent. */
export const PREFERENCE_DOMAIN = 'dev.sealwatch.agent';
/** Where macOS keeps what a device management set for the whole Mac; null on other systems. */
export const MANAGED_PREFERENCES: string | null =
  process.platform === 'darwin' ? `/Library/Managed Preferences/${PREFERENCE_DOMAIN}.plist` : null;

type Settings = Readonly<Record<string, unknown>>;

/** Settings that only managed preferences may hold: a config file is often readable by everybody, and copied. */
export const managedOnlySchema = z.strictObject({
  /** The token itself, instead of a file that holds it. */
  enrolment_token: z.string().min(1).max(512).optional(),
});

/** One file that settings were read from. */
export interface ConfigSource {
  readonly file: string;
  readonly settings: Settings;
}

/** Directory of fragments of a config file: `agent.d` beside `agent.yml`. */
function fragmentsOf(file: string): string {
  return `${file.slice(0, file.length - extname(file).length)}.d`;
}

/** Files and directories that the config at a path is read from; they may not exist. */
export function configPaths(path: string, managed: string | null = MANAGED_PREFERENCES): readonly string[] {
  const file = resolve(path);
  return [file, fragmentsOf(file), ...(managed === null ? [] : [managed])];
}

/**
 * The config file, then its fragments in order of name, then the managed preferences. None of them may be writable
 * by others, nor the directory that it lies in. @throws {AgentError}
 */
export function readConfigSources(path: string, managed: string | null): readonly ConfigSource[] {
  const file = resolve(path);
  const fragments = fragmentFiles(fragmentsOf(file));
  const preferences = managed === null ? null : readManaged(managed);
  return [
    ...[file, ...fragments].map((at) => ({ file: at, settings: readYaml(at) })),
    ...(managed === null || preferences === null ? [] : [{ file: managed, settings: preferences.settings }]),
  ];
}

/** One set of settings: a later source wins; maps are merged by their keys, everything else is replaced whole. */
export function mergedSettings(sources: readonly ConfigSource[]): Settings {
  const merged = new Map<string, unknown>();
  for (const { settings } of sources) {
    for (const [key, value] of Object.entries(settings)) {
      const before = merged.get(key);
      merged.set(key, isMap(before) && isMap(value) ? { ...before, ...value } : value);
    }
  }
  return Object.fromEntries(merged);
}

/** Says what is wrong, for each file under its name. What is missing is told where the map stands that it misses in. */
export function tellFaults(issues: readonly z.core.$ZodIssue[], sources: readonly ConfigSource[]): string {
  const byFile = new Map<string, z.core.$ZodIssue[]>();
  for (const issue of issues.flatMap(eachKey)) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const file = fileOf([...issue.path, ...keys], sources);
    byFile.set(file, [...(byFile.get(file) ?? []), issue]);
  }
  return [...byFile]
    .map(([file, faults]) => `${file}:\n${z.prettifyError(new z.ZodError(faults))}`)
    .join('\n');
}

/** The enrolment token in managed preferences; null where there is none. @throws {AgentError} */
export function managedToken(managed: string): string | null {
  return readManaged(managed)?.token ?? null;
}

/** A token that arrives later is looked for every few seconds, so a file that is not there costs one call. */
function readManaged(file: string): { readonly settings: Settings; readonly token: string | null } | null {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return null;
  const { document } = parseConfigBytes(readPrivately(file), 'plist');
  const [fault] = document.faults;
  if (document.root === null || fault !== undefined)
    throw new AgentError('AGENT_CONFIG_INVALID', `${file}: ${fault?.message ?? 'there is nothing in it'}`);
  const entries = Object.entries(document.root).filter(([key]) => !PROFILE_KEY.test(key));
  const own = entries.filter(([key]) => Object.hasOwn(managedOnlySchema.shape, key));
  const parsed = managedOnlySchema.safeParse(Object.fromEntries(own));
  if (!parsed.success)
    throw new AgentError('AGENT_CONFIG_INVALID', `${file}:\n${z.prettifyError(parsed.error)}`);
  const settings = Object.fromEntries(entries.filter((entry) => !own.includes(entry)));
  return { settings, token: parsed.data.enrolment_token ?? null };
}

function fragmentFiles(directory: string): readonly string[] {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  refuseExposed(directory);
  const names = readdirSync(directory).filter((name) => FRAGMENT.test(name));
  if (names.length <= MAX_FRAGMENT_FILES) return names.toSorted().map((name) => join(directory, name));
  throw new AgentError('AGENT_CONFIG_UNREADABLE', `${directory} holds over ${MAX_FRAGMENT_FILES} files`);
}

function readYaml(file: string): Settings {
  const document = parseDocument(readPrivately(file).toString('utf8'), { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw new AgentError('AGENT_CONFIG_INVALID', `${file}: ${fault.message}`);
  const value = plainValue(document, file) ?? {};
  if (isMap(value)) return value;
  throw new AgentError('AGENT_CONFIG_INVALID', `${file}: is no map of settings`);
}

function readPrivately(file: string): Buffer {
  try {
    for (const at of [file, dirname(file)]) refuseExposed(at);
    if (statSync(file).size > MAX_CONFIG_BYTES) throw new Error(`over ${MAX_CONFIG_BYTES} bytes`);
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    throw new AgentError('AGENT_CONFIG_UNREADABLE', `${file} cannot be read: ${String(cause)}`, { cause });
  }
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (cause) {
    throw new AgentError('AGENT_CONFIG_INVALID', `${file}: ${String(cause)}`, { cause });
  }
}

/** A file that decides what is watched must not be writable by others, nor the directory it lies in. */
function refuseExposed(path: string): void {
  if (!isExposed(path)) return;
  throw new AgentError('AGENT_CONFIG_EXPOSED', `${path} could have been written by others`, {
    hint: `chmod go-w ${path}`,
  });
}

/** One issue for each unknown key, since they may stand in different files. */
function eachKey(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ ...issue, keys: [key], message: `there is no setting ${key}` }));
}

/** The last file that holds a path, or as much of it as any does; the first for what none holds. */
function fileOf(path: readonly PropertyKey[], sources: readonly ConfigSource[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const holder = sources.findLast(({ settings }) => holds(settings, path.slice(0, length)));
    if (holder !== undefined) return holder.file;
  }
  return sources[0]?.file ?? '';
}

function holds(settings: unknown, path: readonly PropertyKey[]): boolean {
  let here = settings;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return false;
    here = Reflect.get(here, key);
  }
  return true;
}

function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
