import { RuleStream } from '../../../rules/engine/index.ts';
import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import { eventLines } from '../../rules/event-lines.ts';
import { EventTime } from '../../rules/event-time.ts';
import { compileSources, type RuleOptions, ruleSourcesAt, sayRefused } from '../../rules/loaded-rules.ts';
import { sightingAnswer, sightingLines } from '../../rules/sighting-lines.ts';

export interface MatchOptions extends RuleOptions {
  readonly rules: readonly string[];
  readonly events: string;
  readonly time?: string;
  readonly skipInvalid: boolean;
}

/**
 * `sealwatch rules match`: runs rules and correlations over recorded events, one line a match.
 * @throws {CliError} `CLI_FILE_UNREADABLE` at the first line that is no event, unless those are skipped
 */
export async function rulesMatch(options: MatchOptions, output: Output): Promise<ExitCode> {
  const set = compileSources(ruleSourcesAt(options.rules), options);
  sayRefused(set, output);
  const stream = new RuleStream(set);
  const time = new EventTime(options.time ?? null);
  const seen = { events: 0, matches: 0, skipped: 0 };
  for await (const read of eventLines(options.events)) {
    if (read.kind === 'blank') continue;
    if (read.kind === 'fault') {
      skip(read, options, output);
      seen.skipped += 1;
      continue;
    }
    const place = { event: seen.events, line: read.line };
    for (const sighting of stream.takeAll(read.event, time.of(read.event))) {
      seen.matches += 1;
      if (output.json) output.answerJson(sightingAnswer(sighting, place));
      else output.answer(sightingLines(sighting, place, output));
    }
    seen.events += 1;
  }
  if (!output.json) output.say(`${seen.events} events, ${seen.matches} matches`);
  if (seen.skipped > 0) output.say(`${seen.skipped} lines are no events and were skipped`);
  if (set.correlations.length > 0) sayDoubts(stream, time, output);
  return seen.matches === 0 ? EXIT.fine : EXIT.findings;
}

function skip(fault: { line: number; reason: string }, options: MatchOptions, output: Output): void {
  const text = `${options.events}:${fault.line}: the line ${fault.reason}`;
  if (!options.skipInvalid) {
    throw new CliError('CLI_FILE_UNREADABLE', text, { hint: '--skip-invalid goes on after such lines' });
  }
  output.say(printable(text));
}

function sayDoubts({ evicted }: RuleStream, { untold }: EventTime, output: Output): void {
  if (untold > 0) output.say(`${untold} events tell no time: they count as of the time of the one before`);
  const { groups, entries } = evicted;
  if (groups + entries > 0) {
    output.say(
      `correlations forgot ${groups} groups and ${entries} events early, to stay within their limits`,
    );
  }
}
