export { CLIENTS, clientProcesses, findClient } from './clients/catalogue.ts';
export type {
  Client,
  ConfigLocation,
  Container,
  LocationBase,
  Platform,
  ProjectRecord,
} from './clients/client.ts';
export { HashCache } from './closure/files/hash-cache.ts';
export { decodeHashCache, encodeHashCache } from './closure/files/hash-cache-file.ts';
export { AccountNames } from './closure/files/names.ts';
export { type ListedTree, listTree } from './closure/files/package-tree.ts';
export { canonicalJson, isCanonicalJson, sha256Hex } from './closure/jcs.ts';
export { type DockerRun, readDockerRun } from './closure/launch/docker-call.ts';
export { findExecutable } from './closure/launch/find-executable.ts';
export {
  LAUNCHERS,
  type Launcher,
  type LauncherMatch,
  type LaunchSpec,
  matchLauncher,
} from './closure/launch/launcher.ts';
export { readRunnerCall } from './closure/launch/runner-call.ts';
export { javascriptImports, pythonImports } from './closure/launch/script-imports.ts';
export { type ShellCommand, shellCommands } from './closure/launch/shell-words.ts';
export { type Anchors, HOME_MARKER, PROJECT_MARKER, portablePath } from './closure/portable.ts';
export { parseConfigBytes } from './config/document.ts';
export { readEntry } from './config/entry.ts';
export { type GuardOptions, guardEntry, readGuardedEntry } from './config/guarded-entry.ts';
export { type ParsedConfig, type ParsedServer, parseConfigFile } from './config/parse-file.ts';
export { readRegular } from './config/read.ts';
export type { GuardAcceptance, GuardStart } from './config/seen-entry.ts';
export type { ConfigObject, ValuePath } from './config/value.ts';
export { acceptedGuards } from './discovery/accepted-guards.ts';
export { ProjectRecords } from './discovery/project-records.ts';
export {
  clientOfProcess,
  NO_RUNNING_CLIENTS,
  ProcRunningClients,
  type RunningClient,
  type RunningClients,
} from './discovery/running-clients.ts';
export {
  type DiscoveredServer,
  type EnvFact,
  ID_HEX_DIGITS,
  serverId,
  type WrittenEntry,
} from './discovery/server.ts';
export {
  type EntryPlace,
  type Inventory,
  type InventoryOptions,
  takeInventory,
  type WatchPlan,
} from './discovery/take-inventory.ts';
export { type ConfigText, editEntry, entryAt } from './editing/edit-entry.ts';
export {
  INFORMATIONAL_PROBLEMS,
  INVENTORY_ERROR_CODES,
  InventoryError,
  type InventoryErrorCode,
  PROBLEM_CODES,
  type ProblemCode,
} from './errors.ts';
export * as limits from './limits.ts';
export { FINDING_IDS, type FindingId, type FindingKind, findingKind } from './posture/catalogue.ts';
export { isLoaderVariable } from './posture/loader-variables.ts';
export { redactArgs } from './posture/redact.ts';
export { classifySecret, redactShapes, SECRET_CLASSES, type SecretClass } from './posture/secret.ts';
export { controlFindings } from './posture/trust-findings.ts';
export { FIRST_PERSON_UID, type HostUser, homeAsUser, listHostUsers } from './users.ts';
