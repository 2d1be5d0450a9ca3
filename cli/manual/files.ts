import type { CommandNode } from '../command-tree.ts';
import type { KnownWords } from '../completion/candidates.ts';
import { asProgram } from '../completion/script-words.ts';
import { completionScript } from '../completion/scripts.ts';
import type { Shell } from '../completion/shells.ts';
import { aliasesOf, commandPage } from './command-page.ts';
import { COMMAND_PAGES, OVERVIEW_COMMANDS, type PagePlan } from './command-pages.ts';
import { agentGroups, centralGroups, type SettingDocs } from './config-settings.ts';
import { overviewPage } from './overview-page.ts';
import type { Edition } from './page.ts';
import { CONFIG_PAGES, settingsPage } from './settings-page.ts';

/** A file of the manual or of the completions, by its path below `packaging/`. */
export interface ManualFile {
  readonly path: string;
  readonly text: string;
}

/** What the script of a program is called; bash looks for it without the suffix. */
const SCRIPT_NAMES = {
  bash: (program: string) => `${program}.bash`,
  zsh: (program: string) => `_${program}`,
  fish: (program: string) => `${program}.fish`,
} as const satisfies Readonly<Record<Shell, (program: string) => string>>;

/** Manual pages of all commands and settings. @throws {Error} where a command has no page or a setting no description */
export function manualFiles(
  program: CommandNode,
  docs: SettingDocs,
  edition: Edition,
): readonly ManualFile[] {
  refuseHomeless(program);
  const configs = Object.values(CONFIG_PAGES).map(({ name }) => ({ name, section: 5 }));
  const others = [{ name: program.name, section: 1 }, ...COMMAND_PAGES, ...configs];
  const commands = COMMAND_PAGES.flatMap((plan: PagePlan) => [
    page(plan.name, plan.section, commandPage(plan, program, edition, others)),
    ...aliasesOf(plan).map((alias) =>
      page(alias, plan.section, `.so man${plan.section}/${plan.name}.${plan.section}\n`),
    ),
  ]);
  const { agent, central } = CONFIG_PAGES;
  return [
    page(program.name, 1, overviewPage(program, edition, others.slice(1))),
    ...commands,
    page(agent.name, 5, settingsPage(agent, agentGroups(docs), edition, others)),
    page(central.name, 5, settingsPage(central, centralGroups(docs), edition, others)),
  ];
}

/** Completions of the program, and of central's commands as a program of their own. */
export function completionFiles(program: CommandNode, known: KnownWords): readonly ManualFile[] {
  const central = program.commands.find(({ name }) => name === 'central');
  const programs = central === undefined ? [program] : [program, asProgram(central, 'sealwatch-central')];
  return programs.flatMap((root) =>
    (['bash', 'zsh', 'fish'] as const).map((shell) => ({
      path: `completions/${SCRIPT_NAMES[shell](root.name)}`,
      text: completionScript(shell, root, known),
    })),
  );
}

function page(name: string, section: number, text: string): ManualFile {
  return { path: `man/${name}.${section}`, text };
}

function refuseHomeless(program: CommandNode): void {
  const paged = new Set<string>([...OVERVIEW_COMMANDS, ...COMMAND_PAGES.flatMap(({ commands }) => commands)]);
  const homeless = program.commands.map(({ name }) => name).filter((name) => !paged.has(name));
  if (homeless.length > 0)
    throw new Error(`no page of cli/manual/command-pages.ts has ${homeless.join(', ')}`);
}
