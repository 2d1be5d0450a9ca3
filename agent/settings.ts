import * as z from 'zod';
import { type AgentConfig, agentConfigSchema, STOPPING_FILE } from './config.ts';
import { managedOnlySchema } from './config-sources.ts';

/** Every setting by its key; one inside of a map is written `map.key`. */
type SettingKey =
  | Exclude<keyof AgentConfig, 'central'>
  | `central.${keyof AgentConfig['central']}`
  | keyof typeof managedOnlySchema.shape;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What the schema cannot say of a setting. */
interface SettingWords {
  /** One or two sentences for whoever manages hosts. */
  readonly description: string;
  readonly example: Json;
  readonly isSecret?: true;
}

/** The compiler refuses a setting without words, and words without a setting. */
const WORDS: Readonly<Record<SettingKey, SettingWords>> = {
  state_dir: {
    description:
      "Directory of keys, approvals, spool and snapshots. Of root's agent it is made passable for everybody, since guards read host.json there.",
    example: '/var/lib/sealwatch',
  },
  'central.url': {
    description: "URL (wss://) of central's listener for agents.",
    example: 'wss://central.example:7443',
  },
  'central.token_file': {
    description:
      'File that holds the enrolment token on one line. It is needed until the host is enrolled and may come later.',
    example: '/etc/sealwatch/enrolment-token',
  },
  enrolment_token: {
    description:
      'The enrolment token itself. It wins over the file and may come later. Users of a Mac can read managed preferences: give a token that enrols few hosts and ends soon.',
    example:
      'swenrol_0000000000000000_EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEE.EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEE',
    isSecret: true,
  },
  profile: {
    description:
      '`developer` reports what is not approved, `production` lets nothing run that is not approved.',
    example: 'production',
  },
  group: {
    description: 'Group that this host belongs to; approvals and bundles may be for one.',
    example: 'engineering',
  },
  trust_dir: {
    description:
      "Directory of the host's trust roots, whose signatures count. Where it exists, it alone counts.",
    example: '/etc/sealwatch/trust',
  },
  homes: {
    description: 'Homes to look at, instead of those of all users.',
    example: ['/home/ann'],
  },
  roots: {
    description: 'Directories that are searched for project configs.',
    example: ['/srv/projects'],
  },
  denial: {
    description: 'What happens to a server that may not run: `end` ends it, `report` only tells.',
    example: 'report',
  },
  sensor: {
    description: '`off` gives up the kernel sensor for samples of what runs. Linux.',
    example: 'auto',
  },
  sensor_socket: {
    description:
      'Socket of a kernel sensor that runs as a service; where it is there, the agent starts none of its own. Linux.',
    example: '/run/sealwatch-sensor/sensor.sock',
  },
  integrity_check_minutes: {
    description: 'Minutes between two checks of the whole installation against its signed manifest.',
    example: 60,
  },
  stopping_file: {
    description: 'File in which scripts of the package say why they stop the agent.',
    example: STOPPING_FILE,
  },
  file_actor: {
    description: '`off` gives up knowing who writes files, and with it a capability of the sensor. Linux.',
    example: 'auto',
  },
  pin_dir: {
    description:
      "Directory in a BPF file system where servers' processes stay marked while no agent runs; null for none. Linux.",
    example: '/sys/fs/bpf/sealwatch',
  },
  exec_permission: {
    description:
      '`on` has each start of a shell wait for an answer, so that a refused one fails rather than being ended. Linux.',
    example: 'off',
  },
  rules: {
    description: 'Rule files or directories, beside the pack that comes with Sealwatch.',
    example: ['/etc/sealwatch/rules'],
  },
  rule_scope: {
    description:
      'What rules look at that say nothing of MCP: what comes out of servers (`subtrees`), or every process of the host.',
    example: 'subtrees',
  },
  placeholders: {
    description: 'What `%name%` in rules stands for: a list of values by name.',
    example: { admins: ['root'] },
  },
  rule_changes: {
    description:
      'Rules that are switched off (`disable: true`) or told at another `level`, each with a `reason` and, if wanted, `until` when.',
    example: [{ rule: 'mcp_package_manager', level: 'low', reason: 'set-up of the new team' }],
  },
  exceptions: {
    description: 'What rules overlook: Sigma filters, each with a `reason` and, if wanted, `until` when.',
    example: [
      {
        reason: 'the nightly backup reads everything',
        filter: {
          title: 'nightly backup',
          filter: {
            rules: ['mcp_credential_read'],
            backup: { Image: '/usr/bin/restic' },
            condition: 'not backup',
          },
        },
      },
    ],
  },
  rule_pack: {
    description: 'File of a signed rule pack; null for none.',
    example: '/etc/sealwatch/rules.dsse.json',
  },
};

const SHAPES = ['text', 'path', 'url', 'choice', 'number', 'switch', 'list', 'map'] as const;

/** A setting of the agent that whoever manages hosts may set. */
export interface AgentSetting extends Readonly<Required<Omit<SettingWords, 'isSecret'>>> {
  readonly key: SettingKey;
  readonly shape: (typeof SHAPES)[number];
  /** Of a list: what its elements are. */
  readonly elements: (typeof SHAPES)[number] | null;
  readonly choices: readonly string[];
  /** Whether null says that there is none. */
  readonly isNullable: boolean;
  readonly isRequired: boolean;
  /** Undefined where it is required or there is none unless told. */
  readonly default: Json | undefined;
  /** Smallest and largest number, count of characters (text) or of elements (list); null where there is none. */
  readonly bounds: { readonly min: number | null; readonly max: number | null };
  readonly isSecret: boolean;
  /** Whether only managed preferences may hold it. */
  readonly isManagedOnly: boolean;
}

/** The part of JSON Schema that settings are described with. */
interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: Json;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every setting, as the schema has it and in its order. */
export function agentSettings(): readonly AgentSetting[] {
  const config = schemaOf(agentConfigSchema);
  return [
    ...members(config, '').flatMap(([key, schema, isRequired]) =>
      schema.properties === undefined
        ? [described(key, schema, isRequired, false)]
        : members(schema, `${key}.`).map(([inner, part, isNeeded]) =>
            described(inner, part, isNeeded, false),
          ),
    ),
    ...members(schemaOf(managedOnlySchema), '').map(([key, schema, isRequired]) =>
      described(key, schema, isRequired, true),
    ),
  ];
}

/**
 * What the agent would refuse of settings that are to go into managed preferences, in words; null where it takes them.
 * They may be a part of a config: the rest stands in the host's own file.
 */
export function managedFaults(settings: Readonly<Record<string, unknown>>): string | null {
  const schema = agentConfigSchema.partial().extend(managedOnlySchema.shape);
  const { error } = schema.safeParse(settings);
  return error === undefined ? null : z.prettifyError(error);
}

function schemaOf(schema: z.ZodType): Schema {
  // What zod writes is JSON Schema; only the keywords above are read.
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;
}

function members(schema: Schema, prefix: string): readonly (readonly [string, Schema, boolean])[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).map(([key, part]) => [`${prefix}${key}`, part, required.includes(key)]);
}

function described(key: string, schema: Schema, isRequired: boolean, isManagedOnly: boolean): AgentSetting {
  if (!isSettingKey(key)) throw new Error(`nothing describes the setting ${key}`);
  const { description, example, isSecret = false } = WORDS[key];
  const { anyOf = [schema] } = schema;
  const value = anyOf.find(({ type }) => type !== 'null') ?? schema;
  return {
    key,
    description,
    example,
    isSecret,
    isManagedOnly,
    shape: shapeOf(value),
    elements: value.items === undefined ? null : shapeOf(value.items),
    choices: value.enum ?? [],
    isNullable: anyOf.some(({ type }) => type === 'null'),
    isRequired,
    default: schema.default,
    bounds: {
      min: value.minLength ?? value.minItems ?? value.minimum ?? null,
      max: value.maxLength ?? value.maxItems ?? value.maximum ?? null,
    },
  };
}

function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(WORDS, key);
}

function shapeOf({ type, format, enum: choices }: Schema): AgentSetting['shape'] {
  if (choices !== undefined) return 'choice';
  if (type === 'array') return 'list';
  if (type === 'object') return 'map';
  if (type === 'boolean') return 'switch';
  if (type === 'number' || type === 'integer') return 'number';
  if (type !== 'string') throw new Error(`no word for settings of the type ${type}`);
  if (format === 'absolute-path') return 'path';
  return format === 'uri' ? 'url' : 'text';
}
