import type { DiscoveredServer } from '../../inventory/index.ts';
import type { Profile } from '../../wire/index.ts';
import { identityOf, type Statement } from '../statement/statement.ts';
import type { PolicySubject } from './authoriser.ts';

/** The server that policies speak about, by its approval where there is one; what was never approved has no owner. */
export function policySubject(
  { server, anchors }: Pick<DiscoveredServer, 'server' | 'anchors'>,
  statement: Statement | null,
  place: { readonly profile: Profile; readonly hostGroup: string | null },
): PolicySubject {
  return {
    server: statement?.predicate.server ?? identityOf(server),
    closure: statement === null ? server.closure.digest : (statement.subject[0]?.digest.sha256 ?? ''),
    owner: statement?.predicate.owner ?? '',
    user: server.user,
    profile: place.profile,
    hostGroup: place.hostGroup,
    anchors,
  };
}
