import * as z from 'zod';

export const SCOPES = ['user', 'project', 'managed'] as const;
export const TRANSPORTS = ['stdio', 'http', 'sse', 'unknown'] as const;
export const ARTEFACT_ROLES = [
  'config',
  'executable',
  'interpreter',
  'script',
  'helper',
  'package',
  'lockfile',
  'env-file',
  'prompt',
  'hook',
  'image',
  'tool-manifest',
  'unresolved',
] as const;
export const SERVER_STATES = ['approved', 'pending', 'drifted', 'expired', 'revoked', 'invalid'] as const;
export const PROFILES = ['developer', 'production'] as const;

/** Severities and rule levels share one scale: Sigma's `level` (specification 2.1, "Level"). */
export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;

export type Scope = (typeof SCOPES)[number];
export type Transport = (typeof TRANSPORTS)[number];
export type ArtefactRole = (typeof ARTEFACT_ROLES)[number];
export type ServerState = (typeof SERVER_STATES)[number];
export type Profile = (typeof PROFILES)[number];
export type Severity = (typeof SEVERITIES)[number];

/** A thing that decides what a server does. */
export const artefactSchema = z
  .object({
    role: z.enum(ARTEFACT_ROLES),
    /** Absolute path on this host; for `config` the file that holds the entry. */
    path: z.string(),
    /** The path as it goes into the closure digest: relative to `~`, `${project}` or `${package}` where it can be. */
    portable_path: z.string(),
    /** Lower-case hex; null only for `unresolved`. */
    sha256: z.string().nullable(),
    /** User name, or the numeric id where the host knows none. */
    owner: z.string(),
    /** Octal permission bits, e.g. `0644`. */
    mode: z.string(),
    /** Who may write it or a directory above it, beyond root: user names, `group:NAME`, `everyone`. */
    writable_by: z.array(z.string()),
    /** Why it could not be resolved; set only for `unresolved`. */
    reason: z.string().optional(),
    /** True where it is `unresolved` because it is not on this host yet. */
    absent: z.boolean().optional(),
  })
  .readonly();
export type Artefact = z.infer<typeof artefactSchema>;

export const closureSchema = z
  .object({
    /** SHA-256 over the sorted artefact lines, lower-case hex. */
    digest: z.string(),
    artefacts: z.array(artefactSchema).readonly(),
  })
  .readonly();
export type Closure = z.infer<typeof closureSchema>;

/** A standing posture defect of a server. */
export const findingSchema = z
  .object({
    /** Stable slug, e.g. `mcp_unpinned_package`. */
    id: z.string(),
    severity: z.enum(SEVERITIES),
    message: z.string(),
    /** Why it matters, and what to do about it. */
    why: z.string().default(''),
    fix: z.string().default(''),
    /** Mappings in Sigma's tag spelling: `attack.t1195.002`, `owasp.asi04`, `maestro.l7`, `nist.csf.pr.ps`. */
    tags: z.array(z.string()).readonly().default([]),
  })
  .readonly();
export type Finding = z.infer<typeof findingSchema>;

/** One entry in one client's config, with what it resolves to. No secret value is ever in it. */
export const serverSchema = z
  .object({
    /** Stable on a host: derived from client, scope, config path, project and name. */
    id: z.string(),
    client: z.string(),
    scope: z.enum(SCOPES),
    config_path: z.string(),
    /** Where the entry stands in that file, 1-based, in UTF-16 code units; null where that is not known. */
    config_line: z.number().int().nullable().optional(),
    config_column: z.number().int().nullable().optional(),
    /** The project directory that the entry belongs to, for project-scoped entries. */
    project: z.string().nullable(),
    /** That directory as it is named below the home (`~/…`), for identities that hold on another host. */
    portable_project: z.string().nullable().optional(),
    /** What led to that project: `record:FILE`, `process:NAME`, `root:DIRECTORY`, `config:FILE`; null without one. */
    project_source: z.string().nullable().default(null),
    name: z.string(),
    transport: z.enum(TRANSPORTS),
    command: z.string().nullable(),
    args: z.array(z.string()).readonly(),
    env_keys: z.array(z.string()).readonly(),
    env_file: z.string().nullable(),
    cwd: z.string().nullable(),
    url: z.string().nullable(),
    disabled: z.boolean().nullable(),
    auto_approve: z.union([z.array(z.string()), z.boolean()]).nullable(),
    /** Its entry starts the guard, which starts it; what else is said of it is of the entry behind the guard. */
    guarded: z.boolean().default(false),
    /** Name of the user whose client would start it. */
    user: z.string(),
    closure: closureSchema,
    state: z.enum(SERVER_STATES),
    findings: z.array(findingSchema).readonly(),
    /** What had to be assumed to resolve it, e.g. whose PATH was used. */
    assumptions: z.array(z.string()).readonly().default([]),
  })
  .readonly();
export type Server = z.infer<typeof serverSchema>;

/** What decides beside the servers what runs or what asks: a hook, a trust setting, a plugin that is on. */
export const CONTROL_KINDS = ['hook', 'trust', 'filter', 'import', 'plugin', 'skill'] as const;
export type ControlKind = (typeof CONTROL_KINDS)[number];

/** A setting or file of a client that decides what runs or what asks, beside its servers. */
export const controlSchema = z
  .object({
    client: z.string(),
    kind: z.enum(CONTROL_KINDS),
    scope: z.enum(SCOPES),
    user: z.string(),
    project: z.string().nullable(),
    path: z.string(),
    /** Dotted key inside the file; empty where the whole file is it. */
    key: z.string(),
    /** SHA-256 of the canonical value or of the file, lower-case hex. */
    sha256: z.string(),
    /** The value as canonical JSON without secrets, cut at 2048 characters; null for a file. */
    value: z.string().nullable(),
  })
  .readonly();
export type Control = z.infer<typeof controlSchema>;

/** A fault in something that was read: where, what, and how to find it. */
export const problemSchema = z
  .object({
    path: z.string(),
    /** 1-based; null where the fault is the file itself. */
    line: z.number().int().nullable(),
    column: z.number().int().nullable(),
    code: z.string(),
    message: z.string(),
  })
  .readonly();
export type Problem = z.infer<typeof problemSchema>;
