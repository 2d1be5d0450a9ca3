import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import { atDesk, type CentralPlace, columns, operator } from './desk.ts';
import { told } from './tokens.ts';

/** Agents that are read at once. */
const PAGE_ROWS = 1_000;

/** `sealwatch central agent list`: every agent that ever enrolled. */
export async function agentList(place: CentralPlace, output: Output): Promise<ExitCode> {
  const agents = await atDesk(place, async (desk) => {
    const all = [];
    for (let after = ''; ; ) {
      const page = await desk.listAgents(after, PAGE_ROWS);
      all.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return all;
      after = last.id;
    }
  });
  if (output.json) output.answerJson({ agents });
  else if (agents.length === 0) output.answer('No agent has enrolled.');
  else {
    const rows = agents.map(({ id, host, grp, state, last_seen, version, revoked, cloned }) =>
      [
        ...[id, host, grp || '-', state, last_seen, version],
        [revoked && 'revoked', cloned && 'cloned'].filter(Boolean).join(', '),
      ].map(printable),
    );
    columns([['agent', 'host', 'group', 'state', 'last seen', 'version', ''], ...rows], output);
  }
  return EXIT.fine;
}

/** `sealwatch central agent revoke`: its connection ends at once, and its certificate is worth nothing. */
export async function agentRevoke(id: string, place: CentralPlace, output: Output): Promise<ExitCode> {
  const changed = await atDesk(place, (desk) => desk.revokeAgent(id, operator()));
  return told(changed, `agent ${printable(id)}`, output);
}
