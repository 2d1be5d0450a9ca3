import {
  checkEnvelope,
  type Envelope,
  openBundle,
  parseStatement,
  type Statement,
  type Trust,
} from '../../approval/index.ts';
import type { BundleShelf } from '../bundles/bundle-shelf.ts';

/** An approval of the fleet: its envelope, and what it states. */
interface FleetApproval {
  readonly envelope: Envelope;
  readonly statement: Statement;
}

/** The approvals of the newest bundle. @throws {ApprovalError} where central's trust roots do not sign it any more */
export async function fleetApprovals(shelf: BundleShelf, trust: Trust): Promise<readonly FleetApproval[]> {
  const text = await shelf.newestText('approvals');
  if (text === null) return [];
  return openBundle(text, trust).approvals.map((envelope) => ({
    envelope: checkEnvelope(envelope),
    statement: parseStatement(Buffer.from(envelope.payload, 'base64')),
  }));
}

/** The set with one more approval; one about the same server in the same contexts gives way to it. */
export function withApproval(set: readonly FleetApproval[], added: FleetApproval): readonly Envelope[] {
  const key = lineOf(added.statement);
  return [...set.filter(({ statement }) => lineOf(statement) !== key), added].map(({ envelope }) => envelope);
}

/** What decisions follow each other by: server and contexts. */
function lineOf({ predicate }: Statement): string {
  const { client, scope, config, name, project = null } = predicate.server;
  return JSON.stringify([client, scope, config, name, project, predicate.contexts]);
}
