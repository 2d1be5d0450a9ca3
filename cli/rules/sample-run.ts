import { type Rule, type RuleSet, RuleStream } from '../../rules/engine/index.ts';
import { type EventLine, eventLines } from './event-lines.ts';
import { EventTime } from './event-time.ts';
import { SAMPLE_KINDS, type SampleGroup, type SampleKind } from './sample-files.ts';

/** A sample that does not show what it should. */
interface SampleFault {
  /** 1-based; of a sequence the first. */
  readonly line: number;
  readonly reason: string;
}

/** What became of the samples of one kind. */
export interface SampleResult {
  /** Null where there is no such file. */
  readonly file: string | null;
  readonly ok: number;
  readonly failed: readonly SampleFault[];
}

export type RuleResult = { readonly rule: Rule } & Readonly<Record<SampleKind, SampleResult>>;

type Step = Extract<EventLine, { kind: 'event' | 'fault' }>;
/** One event, or the events of a sequence. */
type Sample = readonly [Step, ...Step[]];

/** Runs the samples of a group's rules. @throws {CliError} `CLI_FILE_UNREADABLE` */
export async function runSamples(group: SampleGroup, set: RuleSet): Promise<readonly RuleResult[]> {
  const isSequence = group.rules.some(({ kind }) => kind === 'correlation');
  const runs = { hit: [] as SampleRun[], miss: [] as SampleRun[] };
  for (const kind of SAMPLE_KINDS) {
    const file = group.files[kind];
    if (file === undefined) continue;
    for await (const sample of samplesOf(file, isSequence)) runs[kind].push(runOf(sample, set, isSequence));
  }
  return group.rules.map((rule) => ({
    rule,
    hit: { file: group.files.hit ?? null, ...judgeHits(rule, group.rules, runs.hit) },
    miss: { file: group.files.miss ?? null, ...judgeMisses(rule, runs.miss) },
  }));
}

interface SampleRun {
  readonly line: number;
  /** Why it could not be run. */
  readonly fault: SampleFault | null;
  readonly matched: ReadonlySet<Rule>;
}

/** A blank line ends a sequence; where events stand alone it means nothing. */
async function* samplesOf(file: string, isSequence: boolean): AsyncGenerator<Sample> {
  let steps: Step[] = [];
  for await (const line of eventLines(file)) {
    if (line.kind !== 'blank') steps.push(line);
    const [first, ...rest] = steps;
    if (first !== undefined && (!isSequence || line.kind === 'blank')) {
      yield [first, ...rest];
      steps = [];
    }
  }
  const [first, ...rest] = steps;
  if (first !== undefined) yield [first, ...rest];
}

function runOf(sample: Sample, set: RuleSet, isSequence: boolean): SampleRun {
  const { line } = sample[0];
  const matched = new Set<Rule>();
  const stream = new RuleStream(set);
  const time = new EventTime(null);
  for (const step of sample) {
    if (step.kind === 'fault') {
      return { line, fault: { line: step.line, reason: `the line ${step.reason}` }, matched };
    }
    const rules = isSequence
      ? stream.takeAll(step.event, time.of(step.event)).map(({ rule }) => rule)
      : set.match(step.event);
    for (const rule of rules) matched.add(rule);
  }
  const { untold } = time;
  if (isSequence && untold > 0) {
    return { line, fault: { line, reason: 'the sequence has an event without a time' }, matched };
  }
  return { line, fault: null, matched };
}

/** Of rules that share samples one is enough for a hit. */
function judgeHits(
  rule: Rule,
  sharers: readonly Rule[],
  runs: readonly SampleRun[],
): Omit<SampleResult, 'file'> {
  const failed = runs.flatMap(({ line, fault, matched }) => {
    if (fault !== null) return [fault];
    return sharers.some((each) => matched.has(each)) ? [] : [{ line, reason: 'it should match' }];
  });
  return { ok: runs.filter(({ fault, matched }) => fault === null && matched.has(rule)).length, failed };
}

function judgeMisses(rule: Rule, runs: readonly SampleRun[]): Omit<SampleResult, 'file'> {
  const failed = runs.flatMap(({ line, fault, matched }) => {
    if (fault !== null) return [fault];
    return matched.has(rule) ? [{ line, reason: 'it should not match' }] : [];
  });
  return { ok: runs.length - failed.length, failed };
}
