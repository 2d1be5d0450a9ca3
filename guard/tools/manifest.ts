import { redactShapes } from '../../inventory/index.ts';
import { MAX_RECORD_TEXT } from '../../wire/index.ts';
import type { Tool } from './tool.ts';

/** A tool as it was approved, or seen first. */
export interface ManifestTool {
  readonly name: string;
  readonly digest: string;
  readonly description: string;
}

/** How a tool stands to what was approved or seen first; the names are those of the events (docs/rules.md). */
export interface ToolChange {
  readonly change: 'tool_listed' | 'tool_added' | 'tool_changed' | 'tool_removed';
  readonly tool: string;
  /** Of the definition as it is now; empty for a tool that is gone. */
  readonly description: string;
  /** Digest that was approved; null where there is none. */
  readonly before: string | null;
  /** Digest as it is now; null where it is gone. */
  readonly after: string | null;
}

/**
 * What differs from the approved tools, in the order of `now`, then what is gone. `approved` maps names to digests; a digest
 * that is null takes any definition, and where nobody approved any list (null) every tool is `tool_listed`. Only a
 * `complete` list can tell that a tool is gone.
 */
export function compareTools(
  approved: ReadonlyMap<string, string | null> | null,
  now: readonly Tool[],
  complete: boolean,
): readonly ToolChange[] {
  const changes = now.flatMap((tool) => changeOf(tool, approved) ?? []);
  if (!complete || approved === null) return changes;
  const listed = new Set(now.map(({ name }) => name));
  for (const [tool, before] of approved)
    if (!listed.has(tool))
      changes.push({ change: 'tool_removed', tool, description: '', before, after: null });
  return changes;
}

function changeOf(tool: Tool, approved: ReadonlyMap<string, string | null> | null): ToolChange | null {
  const { name, digest } = tool;
  const told = { tool: name, description: descriptionOf(tool), after: digest };
  if (approved === null) return { change: 'tool_listed', ...told, before: null };
  const before = approved.get(name);
  if (before === undefined) return { change: 'tool_added', ...told, before: null };
  return before === null || before === digest ? null : { change: 'tool_changed', ...told, before };
}

/** A tool as it is remembered. */
export function manifestTool(tool: Tool): ManifestTool {
  return { name: tool.name, digest: tool.digest, description: descriptionOf(tool) };
}

/** What the server says that a tool does, cut to what a record takes and without tokens that somebody left in it. */
function descriptionOf({ definition }: Tool): string {
  const { description } = definition;
  if (typeof description !== 'string') return '';
  return redactShapes(description.slice(0, MAX_RECORD_TEXT)).slice(0, MAX_RECORD_TEXT);
}
