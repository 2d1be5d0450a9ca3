import type { CommandNode } from '../command-tree.ts';
import { writeExamples, writeExit, writeFiles } from './command-page.ts';
import { COMMAND_PAGES, OVERVIEW_COMMANDS } from './command-pages.ts';
import {
  argumentMeaning,
  code,
  optionMeaning,
  optionTerm,
  references,
  sentence,
  valueName,
} from './command-words.ts';
import { type Edition, type PageReference, startPage } from './page.ts';
import { literal, marked, type RoffPage, variable } from './roff.ts';

const ABOUT = [
  'An MCP server that can run commands is a privileged runtime path; its approval is worth nothing if the file that defines it can be rewritten afterwards. Sealwatch finds every MCP server that a host can start, seals what was approved (all files that decide what the server does), watches that set and the processes that come out of it, and reports whatever no longer matches. Alerts go to a central collector and from there to a SIEM.',
] as const;

/** What somebody does who has just got it. */
const FIRST_STEPS = [
  {
    does: '1. See which servers this host can start. Nothing is changed, and no daemon is needed:',
    lines: ['sealwatch scan'],
  },
  {
    does: '2. Look at one, and approve it:',
    lines: ['sealwatch show cursor/files', 'sealwatch approve cursor/files'],
  },
  { does: '3. Have it started only while it is what was approved:', lines: ['sealwatch wrap cursor/files'] },
  {
    does: '4. Watch the host, and see alerts as they come. A package runs the agent as a service instead:',
    lines: ['sealwatch up'],
  },
  { does: '5. See what does not work here, and how to mend it:', lines: ['sealwatch doctor'] },
] as const;

const ENVIRONMENT = [
  {
    name: 'XDG_STATE_HOME',
    is: 'Where the state directory of a user lies who is not root; `~/.local/state` unless set.',
  },
  { name: 'SSH_AUTH_SOCK', is: 'Socket of the OpenSSH agent, for keys that are named `ssh:…`.' },
  { name: 'NO_COLOR', is: 'Where it is set, answers have no colours.' },
  {
    name: 'PATH',
    is: 'Where the commands of servers are looked for, unless an agent of the same state directory has told its own.',
  },
] as const;

/** Writes `sealwatch(1)`: what there is and where to begin. */
export function overviewPage(
  program: CommandNode,
  edition: Edition,
  others: readonly PageReference[],
): string {
  const page = startPage({ name: program.name, section: 1, edition });
  page.section('NAME');
  page.paragraph(`${program.name} - keep the approval of an MCP server true`);
  page.section('SYNOPSIS');
  page.paragraph([
    literal(program.name),
    { face: 'R', text: ' ' },
    variable('COMMAND'),
    { face: 'R', text: ' [' },
    variable('OPTIONS'),
    { face: 'R', text: '] [' },
    variable('ARGUMENTS'),
    { face: 'R', text: ']' },
  ]);
  page.section('DESCRIPTION');
  for (const words of ABOUT) page.paragraph(words);
  page.section('FIRST STEPS');
  for (const { does, lines } of FIRST_STEPS) {
    page.paragraph(marked(does));
    page.example(lines);
  }
  page.section('COMMANDS');
  writeCommands(page, program);
  page.section('OPTIONS');
  page.paragraph(
    marked(`${code('sealwatch COMMAND --help')} says what a command takes; its page says it with examples.`),
  );
  for (const option of program.options) page.item(optionTerm(option), [optionMeaning(option)]);
  writeExit(page, {
    findings: 'There are findings, or something is not as it should be; the page of the command says what.',
  });
  page.section('ENVIRONMENT');
  for (const { name, is } of ENVIRONMENT) page.item([literal(name)], [marked(is)]);
  writeFiles(page, [
    'agentConfig',
    'centralConfig',
    'token',
    'trust',
    'state',
    'userState',
    'centralState',
    'completions',
  ]);
  page.section('EXAMPLES');
  page.paragraph('The page of each command has more. Completion of commands in a shell:');
  writeExamples(page, ownCommands(program));
  page.section('SEE ALSO');
  page.paragraph(references(others));
  return page.toString();
}

function ownCommands(program: CommandNode): readonly CommandNode[] {
  const own: ReadonlySet<string> = new Set(OVERVIEW_COMMANDS);
  return program.commands.filter(({ name }) => own.has(name));
}

function writeCommands(page: RoffPage, program: CommandNode): void {
  for (const { name, section, commands } of COMMAND_PAGES) {
    for (const command of program.commands.filter((node) => commands.some((word) => word === node.name))) {
      const below = command.commands.map((child) => child.name).filter((word) => word !== 'help');
      const parts = below.length === 0 ? '' : ` Its commands: ${below.map(code).join(', ')}.`;
      page.item(
        [literal(command.name)],
        [marked(`${sentence(command.description)}${parts} See ${code(name)}(${section}).`)],
      );
    }
  }
  for (const command of ownCommands(program)) {
    page.item([literal(command.name)], [marked(sentence(command.description))]);
    for (const slot of command.arguments) page.nested([variable(valueName(slot))], argumentMeaning(slot));
  }
}
