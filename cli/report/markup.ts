import { printable } from '../output.ts';

/** A piece of HTML that is known to be well-formed; everything else is text and is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Builds HTML; what is put in is escaped, and control and direction characters of it are spelled out. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + rendered(contents[index - 1] ?? null) + part));
}

function rendered(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return content.map(rendered).join('');
}

function escaped(text: string): string {
  return printable(text.toWellFormed()).replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}
