import { stringify } from 'yaml';
import type { AgentSetting } from '../../agent/index.ts';
import type { GeneratedFile } from '../generated-file.ts';

const PREFIX = 'sealwatch_agent_';
const MADE = '# Made by `npm run mdm -- --pages` from the table of settings (agent/settings.ts).';
/** Ansible reads YAML 1.1, where on and off are truth values. */
const YAML = { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 } as const;

interface RoleOption {
  readonly type: 'str' | 'bool' | 'list' | 'dict';
  readonly elements?: 'str' | 'dict';
  readonly default?: string | boolean | readonly string[];
  readonly choices?: readonly string[];
  readonly options?: Readonly<Record<string, { readonly type: 'str'; readonly required: true }>>;
  readonly no_log?: true;
  readonly description: string;
}

/** What the role itself takes, beside the agent's settings. */
const OWN_OPTIONS: Readonly<Record<string, RoleOption>> = {
  state: {
    type: 'str',
    choices: ['present', 'absent'],
    default: 'present',
    description: 'Whether the agent shall be there.',
  },
  package: {
    type: 'str',
    default: '',
    description:
      'The .deb or .rpm: a path on the control node or an https URL. Empty leaves alone what is installed.',
  },
  package_sha256: {
    type: 'str',
    default: '',
    description: 'SHA-256 of the package, hex; a URL needs one.',
  },
  package_name: {
    type: 'str',
    default: 'sealwatch-agent',
    description: 'Name of the package, for its removal.',
  },
  rpm_signed: {
    type: 'bool',
    default: true,
    description: 'Whether the .rpm must carry a signature of a key that rpm knows.',
  },
  trust_roots: {
    type: 'list',
    elements: 'dict',
    default: [],
    options: { name: { type: 'str', required: true }, key: { type: 'str', required: true } },
    description:
      'Public keys whose signatures count, each with a name that ends in .pub or .pem. Others in the directory are left alone.',
  },
  service: {
    type: 'str',
    default: 'sealwatch-agent.service',
    description: 'The unit that is enabled and started.',
  },
  purge: {
    type: 'bool',
    default: false,
    description:
      'Whether removal also takes the configuration and the state: keys, approvals, alerts that wait.',
  },
};

/** The variable of the role that sets a setting. */
export function ansibleVariable(key: string): string {
  return `${PREFIX}${key.replaceAll('.', '_')}`;
}

/** The files of the role that follow from the table. */
export function ansibleRole(settings: readonly AgentSetting[]): readonly GeneratedFile[] {
  return [
    { path: 'defaults/main.yml', text: defaults(settings) },
    { path: 'meta/argument_specs.yml', text: argumentSpecs(settings) },
    { path: 'templates/agent.yml.j2', text: template(settings) },
  ];
}

function defaults(settings: readonly AgentSetting[]): string {
  const own = Object.entries(OWN_OPTIONS).map(
    ([name, { description, default: value }]) =>
      `# ${description}\n${stringify({ [`${PREFIX}${name}`]: value }, YAML)}`,
  );
  const others = settings.map(({ key, description, example }) => {
    const shown = stringify({ [ansibleVariable(key)]: example }, YAML)
      .trimEnd()
      .split('\n');
    return `# ${plain(description)}\n${shown.map((line) => `# ${line}`).join('\n')}\n`;
  });
  const head = '# Settings of the agent are written where they are defined; the values shown are examples.\n';
  return `---\n${MADE}\n${own.join('\n')}\n${head}\n${others.join('\n')}`;
}

function argumentSpecs(settings: readonly AgentSetting[]): string {
  const own = Object.entries(OWN_OPTIONS).map(([name, option]) => [`${PREFIX}${name}`, option] as const);
  const others = settings.map((setting) => [ansibleVariable(setting.key), optionOf(setting)] as const);
  const main = {
    short_description: 'Installs, sets up and removes the agent of Sealwatch',
    options: Object.fromEntries([...own, ...others]),
  };
  return `---\n${MADE}\n${stringify({ argument_specs: { main } }, YAML)}`;
}

function optionOf({
  shape,
  elements,
  choices,
  description,
  isSecret,
}: AgentSetting): Record<string, unknown> {
  return {
    type: ANSIBLE_TYPES[shape],
    ...(elements === null ? {} : { elements: ANSIBLE_TYPES[elements] }),
    ...(choices.length === 0 ? {} : { choices }),
    ...(isSecret ? { no_log: true } : {}),
    description: plain(description),
  };
}

const ANSIBLE_TYPES = {
  text: 'str',
  path: 'str',
  url: 'str',
  choice: 'str',
  number: 'int',
  switch: 'bool',
  list: 'list',
  map: 'dict',
} as const satisfies Record<AgentSetting['shape'], string>;

/** A fragment for agent.d that holds what is defined, each value as JSON, which is YAML too. */
function template(settings: readonly AgentSetting[]): string {
  const inFiles = settings.filter(({ isManagedOnly }) => !isManagedOnly);
  const maps = [
    ...new Set(
      inFiles.map(({ key }) => key.split('.')).flatMap(([map = '', key]) => (key === undefined ? [] : [map])),
    ),
  ];
  const single = inFiles.filter(({ key }) => !key.includes('.')).map(({ key }) => line(key, key, ''));
  const grouped = maps.flatMap((map) => {
    const members = inFiles.filter(({ key }) => key.startsWith(`${map}.`));
    const isAny = members.map(({ key }) => `${ansibleVariable(key)} is defined`).join(' or ');
    const lines = members.map(({ key }) => line(key, key.slice(map.length + 1), '  '));
    return [`{% if ${isAny} %}\n${map}:\n`, ...lines, '{% endif %}\n'];
  });
  return `# {{ ansible_managed }}\n${[...single, ...grouped].join('')}`;
}

function line(key: string, name: string, indent: string): string {
  const variable = ansibleVariable(key);
  return `{% if ${variable} is defined %}\n${indent}${name}: {{ ${variable} | to_json(ensure_ascii=false) }}\n{% endif %}\n`;
}

function plain(text: string): string {
  return text.replaceAll('`', '');
}
