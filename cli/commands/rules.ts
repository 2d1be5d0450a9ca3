import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadRules } from '../../agent/index.ts';
import { parseEventRecord } from '../../rules/engine/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Output, printable } from '../output.ts';

/** `sealwatch rules check`: which rules load, and why the others do not. */
export function rulesCheck(paths: readonly string[], output: Output): ExitCode {
  const { rules, refused } = loadRules(paths);
  if (output.json) output.answerJson({ rules: rules.length, refused });
  else {
    for (const { path, line, code, message } of refused) output.say(`${path}:${line}: ${message} (${code})`);
    output.answer(`${rules.length} rules load, ${refused.length} are refused`);
  }
  return refused.length === 0 ? EXIT.fine : EXIT.findings;
}

/** `sealwatch rules match`: runs rules over recorded events, one line a hit. */
export async function rulesMatch(
  paths: readonly string[],
  events: string,
  output: Output,
): Promise<ExitCode> {
  const set = loadRules(paths);
  for (const { path, line, code, message } of set.refused)
    output.say(`${path}:${line}: ${message} (${code})`);
  let index = 0;
  let hits = 0;
  try {
    for await (const line of createInterface({
      input: createReadStream(events),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      if (line.trim() === '') continue;
      for (const { id, name, title } of set.match(parseEvent(line, index, events))) {
        hits += 1;
        if (output.json) output.answerJson({ event: index, rule: id, name, title });
        else output.answer(`event ${index}: ${name}: ${printable(title)}`);
      }
      index += 1;
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('CLI_FILE_UNREADABLE', `${events} cannot be read`, { cause });
  }
  return hits === 0 ? EXIT.fine : EXIT.findings;
}

function parseEvent(line: string, index: number, path: string): ReturnType<typeof parseEventRecord> {
  try {
    return parseEventRecord(JSON.parse(line));
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path}: event ${index} is not a JSON object`, { cause });
  }
}
