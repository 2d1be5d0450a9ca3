import { type CommandNode, type OptionNode, withDescendants } from '../command-tree.ts';
import type { PagePlan } from './command-pages.ts';
import {
  argumentMeaning,
  code,
  listed,
  optionMeaning,
  optionTerm,
  references,
  sentence,
  synopsis,
  valueName,
} from './command-words.ts';
import { examplesOf } from './examples.ts';
import { HOST_FILES, type HostFile } from './host-files.ts';
import { type Edition, type PageReference, startPage } from './page.ts';
import { literal, marked, type RoffPage, variable } from './roff.ts';

/** Writes the page of a group of commands. */
export function commandPage(
  plan: PagePlan,
  program: CommandNode,
  edition: Edition,
  others: readonly PageReference[],
): string {
  const tops = program.commands.filter(({ name }) => plan.commands.includes(name));
  const shown = tops.flatMap(withDescendants).filter(({ name }) => name !== 'help');
  const doing = shown.filter(({ commands }) => commands.length === 0);
  const page = startPage({ name: plan.name, section: plan.section, edition });
  page.section('NAME');
  page.paragraph(`${[plan.name, ...aliasesOf(plan)].join(', ')} - ${plan.summary}`);
  page.section('SYNOPSIS');
  for (const node of doing) page.paragraph(synopsis(program.name, node));
  page.section('DESCRIPTION');
  for (const words of plan.about) page.paragraph(marked(words));
  page.section('COMMANDS');
  for (const node of shown) writeCommand(page, program.name, node);
  page.section('OPTIONS');
  writeOptions(page, doing);
  writeExit(page, plan);
  writeFiles(page, plan.files);
  page.section('EXAMPLES');
  writeExamples(page, shown);
  page.section('SEE ALSO');
  page.paragraph(references(others.filter(({ name }) => name !== plan.name)));
  return page.toString();
}

/** Names under which the page is found as well: that of each of its commands. */
export function aliasesOf({ name, commands }: PagePlan): readonly string[] {
  return commands.map((command) => `sealwatch-${command}`).filter((alias) => alias !== name);
}

function writeCommand(page: RoffPage, program: string, node: CommandNode): void {
  if (node.commands.length > 0) return;
  const words = [marked(sentence(node.description))];
  page.item([literal([program, ...node.path].join(' '))], words);
  for (const slot of node.arguments) {
    page.nested([variable(valueName(slot))], argumentMeaning(slot));
  }
}

interface Taken {
  readonly option: OptionNode;
  readonly by: readonly CommandNode[];
}

/** Options that mean the same stand once, with the commands that take them. */
function writeOptions(page: RoffPage, nodes: readonly CommandNode[]): void {
  const taken = takenOptions(nodes);
  page.paragraph('Every command takes these:');
  for (const { option, by } of taken) {
    if (by.length === nodes.length) page.item(optionTerm(option), [optionMeaning(option)]);
  }
  const some = taken.filter(({ by }) => by.length < nodes.length);
  if (some.length > 0) page.paragraph('Some take these:');
  for (const { option, by } of some) {
    const others = nodes.filter((node) => !by.includes(node));
    const takers = others.length < by.length ? `all but ${commandList(others)}` : commandList(by);
    page.item(optionTerm(option), [[...optionMeaning(option), ...marked(` Of ${takers}.`)]]);
  }
}

function commandList(nodes: readonly CommandNode[]): string {
  return listed(
    nodes.map(({ path }) => code(path.join(' '))),
    'and',
  );
}

function takenOptions(nodes: readonly CommandNode[]): readonly Taken[] {
  const taken = new Map<string, Taken>();
  for (const node of nodes) {
    for (const option of node.options) {
      const key = JSON.stringify(option);
      const by = taken.get(key)?.by ?? [];
      taken.set(key, { option, by: [...by, node] });
    }
  }
  return [...taken.values()];
}

/** What each exit status says; `findings` is what 1 says. */
export function writeExit(page: RoffPage, { findings }: Pick<PagePlan, 'findings'>): void {
  page.section('EXIT STATUS');
  page.paragraph('Words for people go to standard error, answers to standard output.');
  for (const [status, says] of [
    ['0', 'Fine.'],
    ['1', findings],
    ['2', 'The command was not given as it takes it, or a config file has faults.'],
    ['3', 'It could not run; the cause, its code and a hint are on standard error.'],
  ] as const) {
    page.item([literal(status)], [marked(says)]);
  }
}

export function writeFiles(page: RoffPage, files: readonly HostFile[]): void {
  if (files.length === 0) return;
  page.section('FILES');
  page.paragraph(marked('`STATE` is the state directory, as `--state-dir` names it.'));
  for (const file of files) {
    const { path, is } = HOST_FILES[file];
    page.item([variable(path)], [marked(is)]);
  }
}

export function writeExamples(page: RoffPage, nodes: readonly CommandNode[]): void {
  for (const example of nodes.flatMap(({ path }) => examplesOf(path))) {
    page.paragraph(marked(example.does));
    page.example(example.lines);
  }
}
