import type { Policy } from '../approval/index.ts';
import { printable } from './output.ts';

/** A policy for people, one line for each thing that it limits; none where there is no policy. */
export function policyLines(policy: Policy | null): readonly string[] {
  if (policy === null) return [];
  const { tools, executables, shells, destinations, writable_paths, rate, cedar } = policy;
  const lines = [
    tools === null ? null : `calls ${listed(tools.map(({ name }) => name))}`,
    executables === null ? null : `starts ${listed(executables)}`,
    shells ? 'starts shells' : 'starts no shells',
    destinations === null ? null : `connects to ${listed(destinations)}`,
    writable_paths === null ? null : `writes ${listed(writable_paths)}`,
    ...(policy.arguments ?? []).map((condition) => `argument ${JSON.stringify(condition)}`),
    ...(rate ?? []).map(({ calls, seconds }) => `at most ${calls} calls in ${seconds} s`),
    cedar === undefined ? null : 'Cedar policies must permit it, too',
  ];
  return lines.filter((line) => line !== null).map(printable);
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? 'nothing' : items.join(', ');
}
