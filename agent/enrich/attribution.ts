import { realpathSync } from 'node:fs';
import type { Fact } from '../fact.ts';
import type { Writer } from './file-actors.ts';

/** Milliseconds by which the look before a change and the write may seem to stand in the wrong order. */
const CLOCK_SLACK_MS = 1_000;

export type WriterOf = (path: string) => Writer | null;

/**
 * Adds to a fact about a file who wrote it, where that is known: the last writer of its path since the look
 * before, `since` milliseconds after the epoch.
 */
export function attributed(fact: Fact, writerOf: WriterOf, since: number): Fact {
  const path = fact.fields['TargetFilename'];
  if (fact.actor !== null || typeof path !== 'string') return fact;
  const writer = writerOf(path) ?? writerOf(realPath(path));
  if (writer === null || writer.time < since - CLOCK_SLACK_MS) return fact;
  const { actor, ancestry, serverId } = writer;
  return {
    ...fact,
    actor: { ...actor, in_subtree: serverId !== null },
    ancestry,
    fields: {
      ...fact.fields,
      Image: actor.exe === '' ? null : actor.exe,
      CommandLine: actor.cmdline === '' ? null : actor.cmdline,
      ProcessId: actor.pid,
      'mcp.actor_user': writer.user,
      'mcp.actor_in_subtree': serverId !== null,
      'mcp.actor_own_server': serverId !== null && serverId === fact.server?.id,
      'mcp.actor_ancestry': ancestry.map(({ cmdline }) => cmdline),
    },
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
