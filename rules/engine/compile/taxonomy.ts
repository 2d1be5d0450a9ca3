import { RuleError } from '../errors.ts';

/**
 * Names of the Elastic Common Schema for what Sigma's taxonomy calls otherwise (Sigma taxonomy appendix; ECS 8 field
 * reference), so that rules of either taxonomy see the same events.
 */
const ECS: ReadonlyMap<string, string> = new Map([
  ['process.executable', 'Image'],
  ['process.command_line', 'CommandLine'],
  ['process.working_directory', 'CurrentDirectory'],
  ['process.pid', 'ProcessId'],
  ['process.parent.executable', 'ParentImage'],
  ['process.parent.command_line', 'ParentCommandLine'],
  ['process.parent.pid', 'ParentProcessId'],
  ['user.name', 'User'],
  ['file.path', 'TargetFilename'],
  ['destination.ip', 'DestinationIp'],
  ['destination.port', 'DestinationPort'],
  ['source.ip', 'SourceIp'],
  ['source.port', 'SourcePort'],
  ['network.transport', 'Protocol'],
]);

/** Field names by taxonomy; Sigma's own are those of our events. */
const TAXONOMIES: Readonly<Record<string, ReadonlyMap<string, string>>> = { sigma: new Map(), ecs: ECS };

/**
 * The way from a taxonomy's field names to those of events (Sigma specification 2.1, "Taxonomy").
 * @param taxonomy null for Sigma's
 * @throws RuleError `RULE_TAXONOMY_UNKNOWN`
 */
export function fieldMapping(taxonomy: string | null, line: number): (name: string) => string {
  const names = Object.hasOwn(TAXONOMIES, taxonomy ?? 'sigma') ? TAXONOMIES[taxonomy ?? 'sigma'] : undefined;
  if (names === undefined) {
    throw new RuleError('RULE_TAXONOMY_UNKNOWN', `the taxonomy '${taxonomy}' is not known`, {
      line,
      hint: `known are ${Object.keys(TAXONOMIES).join(' and ')}`,
    });
  }
  return (name) => names.get(name) ?? name;
}
