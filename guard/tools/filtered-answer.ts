import { isUtf8 } from 'node:buffer';
import { isObject } from '../session/message.ts';
import { AnswerScanner, isByCase, MAX_DEPTH, type Span } from './answer-scan.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * The bytes of an answer to `tools/list` without the tools of these names, all else byte for byte as it was; null where it
 * is passed as it is. An answer in which two readers may find different tools (keys that stand twice or differ by case only,
 * bytes that are no UTF-8, over 256 levels) is written anew as `JSON.parse` has it, also where nothing is hidden: the
 * client gets what was compared. Bytes that are no JSON object give null. It never throws.
 */
export function filteredAnswer(line: Buffer, hidden: ReadonlySet<string>): Buffer | null {
  const answer = parsed(line);
  if (answer === null) return null;
  const { entries, ambiguous } = new AnswerScanner(line).scan();
  if (ambiguous || !isUtf8(line))
    return Buffer.from(`${JSON.stringify(plain(answer, hidden))}${endOf(line)}`);
  const tools = toolsOf(answer);
  const goes = tools.map((tool) => isHidden(tool, hidden));
  return goes.includes(true) ? cut(line, entries, goes) : null;
}

function parsed(line: Buffer): Members | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function toolsOf({ result }: Members): readonly unknown[] {
  const tools = isObject(result) ? result['tools'] : [];
  return Array.isArray(tools) ? tools : [];
}

function isHidden(tool: unknown, hidden: ReadonlySet<string>): boolean {
  return isObject(tool) && typeof tool['name'] === 'string' && hidden.has(tool['name']);
}

/** The line without some entries of its list, and without the comma before each; the first that stays has none. */
function cut(line: Buffer, entries: readonly Span[], goes: readonly boolean[]): Buffer {
  const first = entries[0]?.start ?? 0;
  const kept: Buffer[] = [line.subarray(0, first)];
  let before = first;
  for (const [index, { start, end }] of entries.entries()) {
    const stays = goes[index] !== true;
    if (stays) kept.push(line.subarray(kept.length === 1 ? start : before, end));
    before = end;
  }
  kept.push(line.subarray(before));
  return Buffer.concat(kept);
}

/** The answer with one meaning: no key but in its right spelling, nothing nested beyond limits. */
function plain(answer: Members, hidden: ReadonlySet<string>): Members {
  const { result } = answer;
  const tools = toolsOf(answer)
    .filter((tool) => !isHidden(tool, hidden) && isShallow(tool, 0))
    .map((tool) => (isObject(tool) ? spelt('tool', tool) : tool));
  const rest = spelt('answer', answer);
  if (!isObject(result)) return rest;
  const list = Array.isArray(result['tools'])
    ? { ...spelt('result', result), tools }
    : spelt('result', result);
  return { ...rest, result: list };
}

/** Members in their right spelling that are not nested beyond limits. */
function spelt(role: Parameters<typeof isByCase>[0], members: Members): Members {
  return Object.fromEntries(
    Object.entries(members).filter(([key, value]) => !isByCase(role, key) && isShallow(value, 0)),
  );
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth < MAX_DEPTH && Object.values(value).every((child) => isShallow(child, depth + 1));
}

/** The white space after a message: its newline. */
function endOf(line: Buffer): string {
  return /\s*$/.exec(line.toString('latin1', Math.max(0, line.length - 2)))?.[0] ?? '';
}
