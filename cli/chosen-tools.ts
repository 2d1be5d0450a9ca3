import { type Policy, policyInvalid, readPolicy } from '../approval/index.ts';
import {
  KeptManifests,
  type ManifestTool,
  Neighbours,
  poisonsOf,
  readTools,
  type Tool,
} from '../guard/index.ts';
import type { Server } from '../wire/index.ts';
import { recordedTools } from './commands/policy.ts';
import { CliError } from './errors.ts';
import { printable } from './output.ts';

/** Stands for the tools that the guard of the server saw, in place of the name of a file. */
const SEEN = 'seen';
/** Characters of a description that are shown. */
const MAX_DESCRIPTION = 100;

type PolicyTool = NonNullable<Policy['tools']>[number];

/** Tools that are to be approved. */
interface ToolChoice {
  readonly tools: readonly PolicyTool[];
  /** What they say that they do, and what in them is suspicious. */
  readonly lines: readonly string[];
}

/**
 * The tools of a server as they go into its policy: those that its guard saw first under the last approval, or those of a
 * recorded answer to `tools/list`. @throws {CliError}
 */
export function chooseTools(
  server: Pick<Server, 'id' | 'client' | 'name'>,
  from: string,
  stateDir: string,
): ToolChoice {
  const manifests = new KeptManifests(stateDir);
  // Of what was seen only names, digests and descriptions were kept.
  const seen = from === SEEN ? seenTools(manifests, server) : null;
  const { tools, faults } = readTools({ tools: seen ?? recordedTools(from) });
  const [fault] = faults;
  if (fault !== undefined)
    throw new CliError(
      'CLI_FILE_UNREADABLE',
      `${from}: tool ${fault.index} cannot be approved (${fault.kind})`,
    );
  const names = tools.map(({ name }) => name);
  const neighbours = new Neighbours(names, manifests.others(server.id, server.client));
  return {
    tools: (seen ?? tools).map(({ name, digest }) => ({ name, digest })),
    lines: tools.flatMap((tool) => toolLines(tool, neighbours)),
  };
}

function seenTools(manifests: KeptManifests, server: Pick<Server, 'id' | 'name'>): readonly ManifestTool[] {
  const seen = manifests.seen(server.id);
  if (seen !== null) return seen;
  throw new CliError('CLI_TOOLS_UNSEEN', `nobody has seen the tools of ${server.name} yet`, {
    hint: 'start it through sealwatch guard once, or name a file with its answer to tools/list',
  });
}

function toolLines(tool: Tool, neighbours: Neighbours): readonly string[] {
  const { description } = tool.definition;
  const says = typeof description === 'string' ? description.slice(0, MAX_DESCRIPTION) : '';
  const poisons = poisonsOf(tool, neighbours).map(
    ({ kind, where, detail }) => `${tool.name}: suspicious, ${kind} at ${where}: ${detail}`,
  );
  return [`${tool.name}: ${says}`, ...poisons].map(printable);
}

/** The policy with these tools and no others; what nothing else limited stays as a policy that names nothing. */
export async function withTools(
  policy: Policy | null,
  tools: readonly PolicyTool[],
  from: string,
): Promise<Policy> {
  const read = await readPolicy(JSON.stringify({ ...policy, tools }));
  if (read.kind === 'refused') throw policyInvalid(`tools of ${from}`, read.faults);
  return read.policy;
}
