import { code, references, sentence } from './command-words.ts';
import type { DescribedSetting } from './described-settings.ts';
import { HOST_FILES } from './host-files.ts';
import { type Edition, type PageReference, startPage } from './page.ts';
import { literal, marked, type RoffPage, variable } from './roff.ts';

/** What a page says of a config file beside its settings. */
export interface ConfigPlan {
  readonly name: string;
  readonly summary: string;
  readonly about: readonly string[];
  readonly file: 'agentConfig' | 'centralConfig';
  /** The program that reads it, as it is named in its exit status. */
  readonly reader: string;
  readonly examples: readonly { readonly does: string; readonly lines: readonly string[] }[];
}

export const CONFIG_PAGES = {
  agent: {
    name: 'sealwatch-agent.yml',
    summary: 'config file of the Sealwatch agent',
    about: [
      'One YAML file says what the agent looks at, how strictly it judges and where its alerts go. It and its directory must not be writable by others. A key that is not on this page is a fault, and all faults are told at once.',
      'A running agent reads the settings of rules anew when the file changes, or on `SIGHUP`. Other settings need a restart, which is logged. Keys that are written with a dot stand below one another: `central.url` is the key `url` under `central`, and of a list under each of its entries.',
    ],
    file: 'agentConfig',
    reader: 'sealwatch agent run',
    examples: [
      {
        does: 'An agent of a production host in a fleet:',
        lines: [
          'state_dir: /var/lib/sealwatch',
          'profile: production',
          'group: build',
          'central:',
          '  url: wss://central.example.com:7443',
          '  token_file: /etc/sealwatch/enrolment-token',
        ],
      },
      {
        does: 'A rule that is told at another level for a while:',
        lines: [
          'rule_changes:',
          '  - rule: mcp_package_manager',
          '    level: low',
          '    until: 2027-03-01T00:00:00Z',
          '    reason: set-up of the new team',
        ],
      },
    ],
  },
  central: {
    name: 'sealwatch-central.yml',
    summary: 'config file of the Sealwatch central',
    about: [
      'One YAML file, which every command of `sealwatch central` with `--config` reads. An unknown key, a value out of its bounds or a duplicate is a fault; all faults are told at once with their key and line, and nothing starts. The file and its directory must be writable by nobody but their owner and root. Secrets stand in files of their own that it names.',
      'Keys that are written with a dot stand below one another: `api.listen` is the key `listen` under `api`.',
    ],
    file: 'centralConfig',
    reader: 'sealwatch central run',
    examples: [
      {
        does: 'A central with one feed to a SIEM:',
        lines: [
          'state_dir: /var/lib/sealwatch-central',
          'listen: 0.0.0.0:7443',
          'names: [central.example.com]',
          'feeds:',
          '  - name: siem',
          '    type: syslog',
          '    host: siem.example.com',
          '    port: 6514',
          '    tls: {}',
          '    min_level: medium',
          'retention:',
          '  keep_days: 30',
        ],
      },
    ],
  },
} as const satisfies Readonly<Record<string, ConfigPlan>>;

/** Settings under a heading of their own. */
export interface SettingGroup {
  readonly title: string;
  readonly about: string;
  readonly settings: readonly DescribedSetting[];
}

/** Writes the page of a config file. */
export function settingsPage(
  plan: ConfigPlan,
  groups: readonly SettingGroup[],
  edition: Edition,
  others: readonly PageReference[],
): string {
  const page = startPage({ name: plan.name, section: 5, edition });
  page.section('NAME');
  page.paragraph(`${plan.name} - ${plan.summary}`);
  page.section('SYNOPSIS');
  page.paragraph([variable(HOST_FILES[plan.file].path)]);
  page.section('DESCRIPTION');
  for (const words of plan.about) page.paragraph(marked(words));
  page.section('OPTIONS');
  for (const { title, about, settings } of groups) {
    page.subsection(title);
    page.paragraph(marked(about));
    for (const setting of settings) writeSetting(page, setting);
  }
  page.section('EXIT STATUS');
  page.paragraph(
    marked(
      `${code(plan.reader)} ends in 2 where the file has faults, and in 3 where it cannot be read or others can write it.`,
    ),
  );
  page.section('FILES');
  page.item(
    [variable(HOST_FILES[plan.file].path)],
    [marked('This file, where a package is installed. Mode 0644, of root.')],
  );
  page.section('EXAMPLES');
  for (const { does, lines } of plan.examples) {
    page.paragraph(marked(does));
    page.example(lines);
  }
  page.section('SEE ALSO');
  page.paragraph(references(others.filter(({ name }) => name !== plan.name)));
  return page.toString();
}

function writeSetting(page: RoffPage, setting: DescribedSetting): void {
  page.item([literal(setting.key)], [marked(`${sentence(setting.words)} ${takenWords(setting)}`)]);
}

function takenWords({ takes, required, fallback, fallbackWords, isGroup }: DescribedSetting): string {
  const type = isGroup ? '' : `Takes: ${takes}. `;
  if (required) return `${type}It must be given.`;
  const words = fallback ?? (fallbackWords === '' ? null : fallbackWords);
  return words === null ? type : `${type}Default: ${words}.`;
}
