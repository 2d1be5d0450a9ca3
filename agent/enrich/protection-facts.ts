import type { Fact } from '../fact.ts';
import type { KnownPackage } from '../state/known-package.ts';
import { agentFact } from './agent-facts.ts';

/** Files that one alert names. */
const MAX_NAMED = 100;

/** A part of the agent that only its package or an administrator may change. */
export type ProtectedPart = 'package' | 'config' | 'unit' | 'trust' | 'state';

const TAMPERED: Readonly<Record<ProtectedPart, string>> = {
  package: 'the installation is not what its signed manifest says',
  config: 'the config of the agent was changed while it ran',
  unit: 'a unit of the agent was changed while it ran',
  trust: 'what decides whom to believe was changed while the agent ran',
  state: 'a file that only the agent writes was replaced or opened to others',
};

/**
 * Files of the agent's own are not as they should be: `path reason` each. `target` is the absolute path of the one that the writer is
 * looked for of.
 */
export function factOfTamperedFiles(
  part: ProtectedPart,
  files: readonly string[],
  more: number,
  target: string,
  time: number,
  user: string,
): Fact {
  const named = files.slice(0, MAX_NAMED);
  const first = named[0] === undefined ? '' : `: ${named[0]}`;
  const count = files.length + more;
  const rest = count > 1 ? ` and ${count - 1} more` : '';
  const fields = {
    'agent.event': 'tampered',
    'agent.part': part,
    'agent.files': named,
    'agent.count': count,
    'agent.detail': `${TAMPERED[part]}${first}${rest}`,
    TargetFilename: target,
  };
  return agentFact(time, fields, user);
}

/** A release was replaced by an older one, which its signature allows and this agent does not take for an upgrade. */
export function factOfOlderRelease(
  before: KnownPackage,
  after: KnownPackage,
  target: string,
  time: number,
  user: string,
): Fact {
  const fields = {
    'agent.event': 'tampered',
    'agent.part': 'package',
    ...versions(before, after),
    'agent.detail': `${after.package} ${after.version} replaced ${before.version}, which is newer`,
    TargetFilename: target,
  };
  return agentFact(time, fields, user);
}

/** A release was replaced by a newer one that the same key signed. */
export function factOfUpgrade(
  before: KnownPackage,
  after: KnownPackage,
  files: readonly string[],
  time: number,
  user: string,
): Fact {
  const fields = {
    'agent.event': 'upgraded',
    ...versions(before, after),
    'agent.files': files.slice(0, MAX_NAMED),
    'agent.detail': `${after.package} ${after.version} replaced ${before.version}`,
  };
  return agentFact(time, fields, user);
}

function versions(before: KnownPackage, after: KnownPackage): Fact['fields'] {
  return { 'agent.version_before': before.version, 'agent.version': after.version };
}
