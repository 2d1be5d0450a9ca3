import { canonicalJson } from '../closure/jcs.ts';
import type { ConfigFormat } from '../config/document.ts';
import { type ConfigObject, type ConfigValue, isList, isObject } from '../config/value.ts';
import { type EditNode, type EditPart, partOf } from './edit-tree.ts';
import { lineEndOf, quotedText, type TextEdit, Uneditable } from './text-edit.ts';

/** Between two parts, without a comment. */
const SEPARATOR = /^\s*,?\s*$/;

/**
 * The edits of a text that turn one of its values into another: texts are replaced where they stand, items are put in
 * front of a list or taken from there, and a new member takes the place of one that goes. New text is written as the
 * text around it is.
 */
export class ValueEdits {
  readonly #text: string;
  readonly #format: ConfigFormat;
  readonly #lineEnd: string;

  constructor(text: string, format: ConfigFormat) {
    this.#text = text;
    this.#format = format;
    this.#lineEnd = lineEndOf(text);
  }

  /** @throws {Uneditable} */
  between(node: EditNode, before: ConfigValue, after: ConfigValue): readonly TextEdit[] {
    if (canonicalJson(before) === canonicalJson(after)) return [];
    if (node.kind === 'fixed') throw new Uneditable('a part of it is not written in one place');
    if (isObject(before) && isObject(after) && node.kind === 'map') return this.#map(node, before, after);
    if (isList(before) && isList(after) && node.kind === 'list') return this.#list(node, before, after);
    if (node.isBlock) throw new Uneditable('a part of it would become something of another kind');
    return [{ at: node.start, end: node.end, text: this.#written(after, ' ') }];
  }

  #map(node: EditNode, before: ConfigObject, after: ConfigObject): readonly TextEdit[] {
    const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
    const fresh = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
    const kept = Object.keys(before).filter((key) => Object.hasOwn(after, key));
    const edits = kept.flatMap((key) => {
      const [old = null, now = null] = [before[key], after[key]];
      if (canonicalJson(old) === canonicalJson(now)) return [];
      return this.between(partIn(node, key).value, old, now);
    });
    const members = fresh.map((key) => [key, after[key] ?? null] as const);
    const [replaced] = gone;
    if (fresh.length === 0) edits.push(...gone.flatMap((key) => this.#without(node, partIn(node, key))));
    else if (replaced === undefined) {
      const beside = kept.findLast(
        (key) => canonicalJson(before[key] ?? null) !== canonicalJson(after[key] ?? null),
      );
      const part = beside === undefined ? node.parts.at(-1) : partIn(node, beside);
      if (part === undefined) throw new Uneditable('nothing of it is written there');
      edits.push({ at: part.end, end: part.end, text: this.#members(node, part, members, true) });
    } else {
      const part = partIn(node, replaced);
      edits.push({ at: part.keyStart, end: part.end, text: this.#members(node, part, members, false) });
      edits.push(...gone.slice(1).flatMap((key) => this.#without(node, partIn(node, key))));
    }
    return edits;
  }

  /** Members behind one another, the first one behind `part` or in its place. */
  #members(
    node: EditNode,
    part: EditPart,
    members: readonly (readonly [string, ConfigValue])[],
    isBehind: boolean,
  ): string {
    const { keyStart, keyEnd } = part;
    if (keyEnd === null || (part.value.kind === 'fixed' && !isBehind))
      throw new Uneditable('a part of it is not written in one place');
    const prefix = this.#text.slice(part.from, keyStart);
    const isQuoted = this.#text[keyStart] === '"';
    const assign = this.#assignBehind(keyEnd, part.value.start);
    const gap = assign.endsWith(' ') ? ' ' : '';
    const separator = this.#betweenMembers(node, part);
    const texts = members.map(
      ([key, value]) => `${isQuoted ? quotedText(key) : key}${assign}${this.#written(value, gap)}`,
    );
    const [first = '', ...others] = isBehind ? ['', ...texts] : texts;
    return [first, ...others.map((text) => separator + prefix + text)].join('');
  }

  #assignBehind(keyEnd: number, start: number): string {
    if (this.#format === 'yaml') return ': ';
    const written = this.#text.slice(keyEnd, start);
    if (/^\s*[:=][ \t]*$/.test(written)) return written;
    return this.#format === 'toml' ? ' = ' : ': ';
  }

  #betweenMembers(node: EditNode, { from }: EditPart): string {
    if (node.isBlock) return this.#lineEnd + this.#indentOf(from);
    return `,${this.#blankBefore(from)}`;
  }

  /** What stands between the start of a line and a part, as blanks. */
  #indentOf(from: number): string {
    return this.#text.slice(lineStart(this.#text, from), from).replace(/[^\t]/g, ' ');
  }

  #blankBefore(from: number): string {
    return /\s*$/.exec(this.#text.slice(0, from))?.[0] ?? '';
  }

  #list(node: EditNode, before: readonly ConfigValue[], after: readonly ConfigValue[]): readonly TextEdit[] {
    const more = after.length - before.length;
    if (more > 0 && isSame(after.slice(more), before)) return [this.#prepended(node, after.slice(0, more))];
    if (more < 0 && isSame(before.slice(-more), after)) return [this.#dropped(node, -more)];
    if (node.isBlock) throw new Uneditable('a list of it would become another one');
    return [{ at: node.start, end: node.end, text: this.#written(after, ' ') }];
  }

  #prepended(node: EditNode, items: readonly ConfigValue[]): TextEdit {
    const [first, second] = node.parts;
    const words = items.map((item) => this.#written(item, ' '));
    if (first === undefined) return { at: node.start + 1, end: node.start + 1, text: words.join(', ') };
    const { from } = first;
    if (node.isBlock) {
      const text = words.map((word) => `- ${word}${this.#lineEnd}${this.#indentOf(from)}`).join('');
      return { at: from, end: from, text };
    }
    const separator = this.#betweenItems(first, second);
    return { at: from, end: from, text: words.map((word) => `${word},${separator}`).join('') };
  }

  #betweenItems(first: EditPart, second: EditPart | undefined): string {
    const written = second === undefined ? '' : this.#text.slice(first.end, second.from);
    const [, found] = /^\s*,(\s*)$/.exec(written) ?? [];
    if (found !== undefined) return found;
    const blank = this.#blankBefore(first.from);
    return /[\r\n]/.test(blank) ? blank : ' ';
  }

  #dropped(node: EditNode, count: number): TextEdit {
    const first = node.parts[0];
    const next = node.parts[count];
    const last = node.parts.at(-1);
    if (first === undefined || last === undefined || node.parts.length < count)
      throw new Uneditable('a list of it is not written in one place');
    if (next !== undefined) return { at: first.from, end: next.from, text: '' };
    if (node.isBlock) return { at: first.from, end: last.end, text: '[]' };
    const [comma = ''] = /^\s*,/.exec(this.#text.slice(last.end, node.end)) ?? [];
    return { at: first.from, end: last.end + comma.length, text: '' };
  }

  /** Takes a member away with the blanks and the comma that it no longer needs; comments stay. */
  #without(node: EditNode, part: EditPart): readonly TextEdit[] {
    const at = node.parts.indexOf(part);
    const before = node.parts[at - 1];
    const next = node.parts[at + 1];
    const between = (from: number, to: number) => this.#text.slice(from, to);
    if (before !== undefined && SEPARATOR.test(between(before.end, part.from)))
      return [{ at: before.end, end: part.end, text: '' }];
    if (next !== undefined && SEPARATOR.test(between(part.end, next.from)))
      return [{ at: part.from, end: next.from, text: '' }];
    const own = { at: part.from, end: part.end, text: '' };
    if (node.isBlock) return [own];
    const [comma = ''] = /^\s*,/.exec(between(part.end, node.end)) ?? [];
    if (next !== undefined || before === undefined) return [{ ...own, end: part.end + comma.length }];
    const [early = ''] = /^\s*,/.exec(between(before.end, part.from)) ?? [];
    return [{ at: before.end, end: before.end + early.length, text: '' }, own];
  }

  #written(value: ConfigValue, gap: string): string {
    if (typeof value === 'string') return quotedText(value);
    if (isList(value)) return `[${value.map((item) => this.#written(item, gap)).join(`,${gap}`)}]`;
    if (typeof value === 'object') throw new Uneditable('a part of it would become a map');
    return String(value);
  }
}

function partIn(node: EditNode, key: string): EditPart {
  const part = partOf(node, key);
  if (part === null) throw new Uneditable('a part of it is written elsewhere');
  return part;
}

function isSame(one: readonly ConfigValue[], other: readonly ConfigValue[]): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

function lineStart(text: string, at: number): number {
  return Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1)) + 1;
}
