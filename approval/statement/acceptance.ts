import type { Finding } from '../../wire/index.ts';
import { ApprovalError } from '../errors.ts';
import type { Contexts } from './contexts.ts';
import type { Candidate } from './statement.ts';

/** Findings with which an approval says less than it seems to: production asks that each is accepted by name. */
const BLOCKING_FINDINGS: ReadonlySet<string> = new Set([
  'mcp_closure_unresolved',
  'mcp_unpinned_package',
  'mcp_self_authority',
  'mcp_helper_writable',
  'mcp_config_writable_by_others',
  'mcp_path_writable',
]);

/** The findings that keep a server from being approved in these contexts, unless each of them is accepted. */
export function blockingFindings(server: Candidate, contexts: Contexts): readonly Finding[] {
  if (contexts.profiles !== null && !contexts.profiles.includes('production')) return [];
  return server.findings.filter(({ id }) => BLOCKING_FINDINGS.has(id));
}

/** @throws {ApprovalError} naming every finding that is not accepted */
export function refuseUnaccepted(server: Candidate, contexts: Contexts, accepted: readonly string[]): void {
  const open = blockingFindings(server, contexts).filter(({ id }) => !accepted.includes(id));
  if (open.length === 0) return;
  const ids = [...new Set(open.map(({ id }) => id))];
  const list = open.map(({ id, message }) => `${id}: ${message}`).join('; ');
  throw new ApprovalError('APPROVAL_FINDING_NOT_ACCEPTED', `production does not take it as it is: ${list}`, {
    hint: `mend it, or say ${ids.map((id) => `--accept ${id}`).join(' ')}`,
  });
}
