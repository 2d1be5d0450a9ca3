import type { CommandNode, OptionNode, ValueSlot } from '../command-tree.ts';
import { literal, marked, type Span, type Text, variable } from './roff.ts';

const space: Span = { face: 'R', text: ' ' };

/** Name of a value as pages write it. */
export function valueName(slot: ValueSlot): string {
  return slot.name.toUpperCase();
}

/** How an option is typed, e.g. `-y, --yes` or `--key KEY`. */
export function optionTerm({ short, long, value }: OptionNode): readonly Span[] {
  const names: Span[] = short === null ? [] : [literal(short), { face: 'R', text: ', ' }];
  const rest = value === null ? [] : [space, ...slotSpans(value)];
  return [...names, literal(long), ...rest];
}

/** What an option means, with what it takes and what holds without it. */
export function optionMeaning(option: OptionNode): readonly Span[] {
  const parts = [sentence(option.description)];
  if (option.value?.choices) parts.push(`One of ${listed(option.value.choices.map(code), 'or')}.`);
  if (option.mandatory) parts.push('It must be given.');
  if (option.fallback !== null) parts.push(`Default: ${option.fallback}.`);
  return marked(parts.join(' '));
}

/** What an argument means. */
export function argumentMeaning(slot: ValueSlot): readonly Span[] {
  const choices = slot.choices === null ? '' : ` One of ${listed(slot.choices.map(code), 'or')}.`;
  return marked(`${sentence(slot.description)}${choices}`);
}

/** How a command is typed, with what must be given spelled out. */
export function synopsis(program: string, node: CommandNode): readonly Span[] {
  const mandatory = node.options.filter((option) => option.mandatory);
  return [
    literal([program, ...node.path].join(' ')),
    ...mandatory.flatMap((option) => [space, ...optionTerm(option)]),
    ...(node.options.length > mandatory.length
      ? [{ face: 'R', text: ' [' } as const, variable('OPTIONS'), closing]
      : []),
    ...node.arguments.flatMap((slot) => {
      const spans = slotSpans(slot);
      return slot.required ? [space, ...spans] : [{ face: 'R', text: ' [' } as const, ...spans, closing];
    }),
  ];
}

const closing: Span = { face: 'R', text: ']' };

/** A description of the help as a sentence. */
export function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Words as a list in a sentence. */
export function listed(words: readonly string[], joint: 'and' | 'or'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${joint} ${last}`;
}

/** A text that is shown as it is typed, in the documentation's markup. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** References to other pages, e.g. `sealwatch-scan(1)`. */
export function references(pages: readonly { readonly name: string; readonly section: number }[]): Text {
  return pages.flatMap(({ name, section }, index) => {
    const lead: readonly Span[] = index === 0 ? [] : [{ face: 'R', text: ', ' }];
    return [...lead, literal(name), { face: 'R', text: `(${section})` } as const];
  });
}

function slotSpans(slot: ValueSlot): readonly Span[] {
  return [variable(valueName(slot)), ...(slot.variadic ? [{ face: 'R', text: '...' } as const] : [])];
}
