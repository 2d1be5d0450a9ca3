import { existsSync } from 'node:fs';
import type { RuleEvent } from '../../rules/engine/index.ts';
import { CliError } from '../errors.ts';
import { parseEventLine, textLines } from './event-lines.ts';

/** Characters of an event that stands on several lines. */
const MAX_SPREAD_CHARACTERS = 16 * 1024 * 1024;

/** An event, and what it was called. */
export interface NamedEvent {
  readonly name: string;
  readonly event: RuleEvent;
}

/**
 * The event that an argument means: JSON that begins with `{`, `FILE:LINE`, or a file or `-`, of which the first event
 * counts, be it on one line or on many.
 * @throws {CliError} `CLI_FILE_UNREADABLE` where it cannot be read, is no event, or there is no such line
 */
export async function findEvent(argument: string): Promise<NamedEvent> {
  if (argument.trimStart().startsWith('{')) {
    return { name: 'the given JSON', event: parse(argument, 1, 'the given text') };
  }
  const numbered = /^(.+):(\d+)$/s.exec(argument);
  const [, path, line] = numbered ?? [];
  if (path !== undefined && line !== undefined && !existsSync(argument)) {
    return { name: argument, event: await eventAt(path, Number(line)) };
  }
  return firstEvent(argument);
}

async function eventAt(path: string, wanted: number): Promise<RuleEvent> {
  for await (const { line, text } of textLines(path)) {
    if (line === wanted) return parse(text, line, path);
  }
  throw new CliError('CLI_FILE_UNREADABLE', `${path} has no line ${wanted}`);
}

async function firstEvent(path: string): Promise<NamedEvent> {
  const spread: string[] = [];
  let characters = 0;
  let start = 0;
  for await (const { line, text } of textLines(path)) {
    if (spread.length === 0) {
      const read = parseEventLine({ line, text });
      if (read.kind === 'blank') continue;
      if (read.kind === 'event') return { name: `${path}:${line}`, event: read.event };
      start = line;
    }
    characters += text?.length ?? MAX_SPREAD_CHARACTERS;
    if (characters > MAX_SPREAD_CHARACTERS) return { name: path, event: parse(null, start, path) };
    spread.push(text ?? '');
  }
  if (spread.length === 0) throw new CliError('CLI_FILE_UNREADABLE', `${path} holds no event`);
  return { name: `${path}:${start}`, event: parse(spread.join('\n'), start, path) };
}

function parse(text: string | null, line: number, path: string): RuleEvent {
  const read = parseEventLine({ line, text });
  if (read.kind === 'event') return read.event;
  const reason = read.kind === 'fault' ? read.reason : 'is blank';
  throw new CliError('CLI_FILE_UNREADABLE', `${path}: line ${line} ${reason}`);
}
