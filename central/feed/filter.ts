import { type Alert, SEVERITIES } from '../../wire/index.ts';
import type { FeedSettings } from './settings.ts';

/** Says of an alert, and of the group of the host that it came from, whether the feed carries it. */
export type FeedFilter = (alert: Alert, group: string) => boolean;

/** Whether a name fits a pattern with `*` for any text; linear, since names come from hosts. */
function fits(name: string, pattern: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return name === pattern;
  if (!name.startsWith(head)) return false;
  let from = head.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return name.length - tail.length >= from && name.endsWith(tail);
}

/** The filter of a feed: least level, rules by name with `*` for any text (exclusions win), groups of hosts. */
export function feedFilter(settings: FeedSettings): FeedFilter {
  const least = SEVERITIES.indexOf(settings.min_level);
  const groups = new Set(settings.groups);
  const isNamed = (name: string, patterns: readonly string[]) =>
    patterns.some((pattern) => fits(name, pattern));
  return ({ rule }, group) =>
    SEVERITIES.indexOf(rule.level) >= least &&
    (settings.include.length === 0 || isNamed(rule.name, settings.include)) &&
    !isNamed(rule.name, settings.exclude) &&
    (groups.size === 0 || groups.has(group));
}
