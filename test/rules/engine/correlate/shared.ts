import {
  type CorrelationHit,
  Correlator,
  type CorrelatorLimits,
} from '../../../../rules/engine/correlate/correlator.ts';
import { compileRules, parseEventRecord, type RuleSet } from '../../../../rules/engine/index.ts';

/** A detection rule that matches events which carry its name in `is`. */
export function detection(name: string): string {
  return `title: Title of ${name}\nid: id-${name}\nname: ${name}\ndetection:\n  s:\n    is: ${name}\n  condition: s\n`;
}

/** A correlation with these lines as its body. */
export function correlation(name: string, body: string): string {
  const lines = body
    .trim()
    .split('\n')
    .map((line) => `  ${line}`);
  return [`title: Title of ${name}`, `name: ${name}`, 'correlation:', ...lines, ''].join('\n');
}

/** Documents of one file, after the detection rules `a`, `b` and `c`. */
export function compileWith(...documents: readonly string[]): RuleSet {
  const text = [...['a', 'b', 'c'].map(detection), ...documents].join('---\n');
  const set = compileRules([{ path: 't.yml', text }]);
  if (set.refused.length > 0) throw new Error(`refused: ${JSON.stringify(set.refused)}\n${text}`);
  return set;
}

/** Rules at work on events of a test. */
export class Course {
  readonly set: RuleSet;
  readonly correlator: Correlator;

  constructor(set: RuleSet, limits?: Partial<CorrelatorLimits>) {
    this.set = set;
    this.correlator = new Correlator(set.correlations, limits);
  }

  /** @param seconds of Unix time */
  hits(record: Readonly<Record<string, unknown>>, seconds: number): readonly CorrelationHit[] {
    const event = parseEventRecord(record);
    return this.correlator.receive(this.set.match(event), event, Math.round(seconds * 1_000));
  }

  /** The values that fire at each step; null where nothing does. */
  values(
    steps: readonly (readonly [seconds: number, record: Readonly<Record<string, unknown>>])[],
  ): readonly (number | null)[] {
    return steps.map(([seconds, record]) => this.hits(record, seconds)[0]?.value ?? null);
  }
}

/** The course of one correlation with these lines as its body. */
export function course(body: string, limits?: Partial<CorrelatorLimits>): Course {
  return new Course(compileWith(correlation('it', body)), limits);
}
