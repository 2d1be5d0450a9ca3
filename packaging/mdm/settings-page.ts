import { stringify } from 'yaml';
import type { AgentSetting } from '../../agent/index.ts';
import { ansibleVariable } from './ansible-role.ts';

const SHAPE_WORDS = {
  text: 'text',
  path: 'absolute path',
  url: 'URL',
  choice: 'one of',
  number: 'number',
  switch: 'true or false',
  list: 'list',
  map: 'map',
} as const satisfies Record<AgentSetting['shape'], string>;
const PLURALS = {
  text: 'texts',
  path: 'absolute paths',
  url: 'URLs',
  choice: 'words',
  number: 'numbers',
  switch: 'truth values',
  list: 'lists',
  map: 'maps',
} as const satisfies Record<AgentSetting['shape'], string>;
/** Columns that a comment of the template fills. */
const COMMENT_COLUMNS = 100;

const INTRODUCTION = `# Settings of the agent

Generated from the table of settings (agent/settings.ts) by \`npm run mdm -- --pages\`; the agent judges what it reads by the same table.

| source | where | counts |
|---|---|---|
| config file | \`/etc/sealwatch/agent.yml\`, or what \`--config\` names | first |
| fragments, \`*.yml\` | the directory \`agent.d\` beside \`agent.yml\` | over the file, in order of their names |
| managed preferences | macOS: \`/Library/Managed Preferences/dev.sealwatch.agent.plist\` | over all else |

Maps are merged by their keys; a list, like any other value, is replaced whole. Where one of these files, or the directory that it
lies in, is writable by others, the agent does not start. Faults are told at once, under the file that they stand in. A property
list has no null: what shall be null stands in a file. [The agent's config](agent-config.md) tells what is reloaded and how rules are tuned.

`;

/** docs/settings.md. */
export function settingsPage(settings: readonly AgentSetting[]): string {
  const rows = settings.map(
    (setting) =>
      `| [\`${setting.key}\`](#${anchor(setting)}) | ${typeWords(setting)} | ${defaultWords(setting)} |`,
  );
  const table = ['| setting | is | unless told |', '|---|---|---|', ...rows].join('\n');
  return `${INTRODUCTION}${table}\n\n${settings.map(section).join('\n')}`;
}

/** A config file in which every setting is described and none but the required ones is set. */
export function configTemplate(settings: readonly AgentSetting[], stateDir: string): string {
  const inFiles = settings.filter(({ isManagedOnly }) => !isManagedOnly);
  const head = [
    '# Config of the Sealwatch agent. Fragments in agent.d/*.yml lie over it, in order of their names.',
    '# A leading # keeps what holds unless told; the values shown are examples.',
    '',
  ];
  const lines = inFiles.flatMap((setting) => templateLines(setting, stateDir, inFiles));
  return `${[...head, ...lines].join('\n').trimEnd()}\n`;
}

/** What a value may be, in words. */
export function typeWords({ shape, elements, choices, bounds, isNullable }: AgentSetting): string {
  const choice = choices.map((word) => `\`${word}\``).join(', ');
  const kind = {
    ...SHAPE_WORDS,
    choice: `one of ${choice}`,
    list: elements === null ? 'list' : `list of ${PLURALS[elements]}`,
  }[shape];
  const unit = shape === 'list' ? ' elements' : shape === 'text' ? ' characters' : '';
  const { min, max } = bounds;
  const few = min === null ? [] : [`from ${min.toLocaleString('en')}`];
  const many = max === null ? [] : [`${min === null ? 'up ' : ''}to ${max.toLocaleString('en')}`];
  const range = few.length + many.length === 0 ? [] : [`${[...few, ...many].join(' ')}${unit}`];
  return [kind, ...range, ...(isNullable ? ['or null'] : [])].join(', ');
}

/** What holds where nothing is said, in words. */
export function defaultWords({ isRequired, default: value }: AgentSetting): string {
  if (isRequired) return 'must be told';
  if (value === undefined) return 'not set';
  return `\`${JSON.stringify(value)}\``;
}

function anchor({ key }: AgentSetting): string {
  return key.replaceAll('.', '');
}

function section(setting: AgentSetting): string {
  const { key, description, example, isSecret, isManagedOnly } = setting;
  const notes = [
    ...(isSecret ? ['It is a secret.'] : []),
    ...(isManagedOnly ? ['Only managed preferences may hold it; a config file with it is refused.'] : []),
    `Ansible: \`${ansibleVariable(key)}\`.`,
  ];
  const shown = stringify(nested(key, example), { aliasDuplicateObjects: false });
  return `## \`${key}\`\n\n${description} ${notes.join(' ')}\n\n\`\`\`yaml\n${shown}\`\`\`\n`;
}

/** A setting as it is written: below its map where it has one. */
function nested(key: string, value: AgentSetting['example']): unknown {
  const [first = '', ...rest] = key.split('.');
  return { [first]: rest.length === 0 ? value : nested(rest.join('.'), value) };
}

function templateLines(
  setting: AgentSetting,
  stateDir: string,
  all: readonly AgentSetting[],
): readonly string[] {
  const { key, example, isRequired } = setting;
  const [map, inner] = key.split('.');
  const opensMap = inner !== undefined && all.find((other) => other.key.startsWith(`${map}.`)) === setting;
  const name = inner ?? key;
  const indent = inner === undefined ? '' : '  ';
  const words = `${setting.description} (${typeWords(setting)}; ${defaultWords(setting)})`;
  const comment = wrapped(words.replaceAll('`', ''), COMMENT_COLUMNS).map((line) => `${indent}# ${line}`);
  const value = key === 'state_dir' ? stateDir : example;
  const text = stringify({ [name]: value }, { aliasDuplicateObjects: false })
    .trimEnd()
    .split('\n');
  const mark = isRequired ? '' : '#';
  return [...(opensMap ? [`${map}:`] : []), ...comment, ...text.map((line) => `${indent}${mark}${line}`), ''];
}

function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
