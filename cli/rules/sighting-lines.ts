import type { CorrelationHit, Rule, RuleStream } from '../../rules/engine/index.ts';
import { type Output, printable } from '../output.ts';

type Sighting = ReturnType<RuleStream['takeAll']>[number];

/** Where in a file of events a rule matched. */
export interface EventPlace {
  /** 0-based; blank lines are no events. */
  readonly event: number;
  /** 1-based. */
  readonly line: number;
}

/** A match as programs read it. */
export function sightingAnswer({ rule, correlation, alerts }: Sighting, { event, line }: EventPlace): object {
  const { id, name, title, level, author } = rule;
  const match = { event, rule: id, name, title, level, author, alerts, line };
  if (correlation === null) return match;
  const { rule: _, ...counted } = correlation;
  return { ...match, correlation: counted };
}

/** A match for people. The Detection Rule License asks that the author is named. */
export function sightingLines(sighting: Sighting, { event, line }: EventPlace, output: Output): string {
  const { rule, correlation, alerts } = sighting;
  const { colours } = output;
  const place = colours.dim(`event ${event} (line ${line}):`);
  const about = `${levelText(rule, output)} ${colours.bold(printable(rule.name))}: ${printable(rule.title)}`;
  const silence = alerts ? '' : colours.dim(' [for correlations only]');
  const first = `${place} ${about}${authorText(rule)}${silence}`;
  return correlation === null ? first : `${first}\n    ${countedText(correlation)}`;
}

/** The level, in the colour that it has everywhere. */
export function levelText({ level }: Rule, { colours }: Output): string {
  if (level === 'high' || level === 'critical') return colours.red(level);
  return level === 'medium' ? colours.yellow(level) : level;
}

export function authorText({ author }: Rule): string {
  return author === null ? '' : `, by ${printable(author)}`;
}

function countedText({ value, count, group, rules, first, last, refire }: CorrelationHit): string {
  const groups = Object.entries(group).map(([name, text]) => `${name}=${text ?? 'none'}`);
  const parts = [
    `value ${value}`,
    `${count} ${count === 1 ? 'event' : 'events'} from ${timeText(first)} to ${timeText(last)}`,
    ...groups,
    `rules ${rules.join(', ')}`,
    ...(refire ? ['fired before'] : []),
  ];
  return parts.map(printable).join('; ');
}

/** The event says when it happened, which can be beyond what a date can be. */
function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time} ms` : date.toISOString();
}
