import { sha256Hex } from '../../inventory/index.ts';
import type { FieldValue } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { HostSight } from '../host-view.ts';
import type { Authority } from '../state/authority.ts';

const NO_ROOTS = 'none can be believed';

/** What decides whom to believe, as of one look. A bundle is replaced as a whole by right and is left out. */
export function authorityOf({ stored, trust }: Pick<HostSight, 'stored' | 'trust'>): Authority {
  const authority: Record<string, Authority[string]> = {};
  if (trust === null) authority['trust'] = { kind: 'trust', is: NO_ROOTS };
  for (const { id, path } of trust?.keys.values() ?? []) authority[path] = { kind: 'trust', is: id };
  for (const entry of stored) {
    if (entry.kind === 'invalid') authority[entry.path] = { kind: 'approval', is: entry.error.code };
    else if (entry.store !== 'bundle')
      authority[entry.path] = { kind: 'approval', is: sha256Hex(JSON.stringify(entry.statement)) };
  }
  return authority;
}

/**
 * Facts about trust roots and approvals that somebody changed by hand. An approval that was signed since is no
 * change: nothing signs into a file that is there but one more signature, which leaves what it states.
 */
export function factsOfAuthority(before: Authority, after: Authority, time: number): readonly Fact[] {
  const roots = Object.values(before).filter(({ kind }) => kind === 'trust').length;
  const facts: Fact[] = [];
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, fresh] = [before[path], after[path]];
    if (old?.is === fresh?.is) continue;
    const isTrust = (old ?? fresh)?.kind === 'trust';
    if (!isTrust && old === undefined && fresh !== undefined && !fresh.is.startsWith('APPROVAL_')) continue;
    facts.push(
      authorityFact(time, {
        'mcp.change': isTrust ? 'trust_root_changed' : 'approval_file_changed',
        'mcp.file_change': old === undefined ? 'added' : fresh === undefined ? 'removed' : 'changed',
        'mcp.authority_before': old?.is ?? null,
        'mcp.authority_after': fresh?.is ?? null,
        'mcp.trust_roots_before': roots,
        TargetFilename: path,
      }),
    );
  }
  return facts;
}

function authorityFact(time: number, fields: Readonly<Record<string, FieldValue>>): Fact {
  return {
    time,
    logsource: { category: 'approval', product: 'mcp' },
    fields,
    user: '',
    server: null,
    actor: null,
    ancestry: [],
    change: null,
  };
}
