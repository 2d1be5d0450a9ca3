import { type Finding, SEVERITIES } from '../../wire/index.ts';
import { dockerPrivileges } from './container-findings.ts';
import { rootFilesystem } from './filesystem-findings.ts';
import { npxCall, shellWrapper, unpinnedPackage } from './launch-findings.ts';
import { loaderVariables } from './loader-findings.ts';
import { insecureTls, plainHttp, unauthenticatedRemote } from './network-findings.ts';
import { finding, type Judge, listed, type Posture } from './posture.ts';
import { secretsOf } from './redact.ts';
import { redactShapes } from './secret.ts';
import { autoApproval } from './trust-findings.ts';
import {
  configWriters,
  helperWriters,
  linkedConfig,
  selfAuthority,
  writablePath,
} from './writer-findings.ts';

const JUDGES: readonly Judge[] = [
  unpinnedPackage,
  hardcodedSecrets,
  configWriters,
  helperWriters,
  writablePath,
  autoApproval,
  shellWrapper,
  npxCall,
  loaderVariables,
  plainHttp,
  insecureTls,
  dockerPrivileges,
  rootFilesystem,
  linkedConfig,
  unresolvedClosure,
  unauthenticatedRemote,
  selfAuthority,
];

/** Standing defects of a server, worst first; messages name places and classes, never values. */
export function findingsOf(posture: Posture): readonly Finding[] {
  return JUDGES.flatMap((judge) => judge(posture)).sort(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  );
}

function hardcodedSecrets({ entry }: Posture): readonly Finding[] {
  const secrets = secretsOf(entry);
  if (secrets.length === 0) return [];
  const places = secrets.map((secret) => `${secret.where} (${secret.class})`);
  const surely = secrets.some((secret) => secret.class !== 'high-entropy');
  const message = `the config holds what looks like a secret: ${listed(places, 10)}`;
  return [finding('mcp_hardcoded_secret', message, surely ? 'high' : 'medium')];
}

/** What is known to be absent decides nothing yet; anything else that could not be read is worth a word. */
function unresolvedClosure({ artefacts }: Posture): readonly Finding[] {
  const open = artefacts.filter(({ role }) => role === 'unresolved');
  if (open.length === 0) return [];
  const reasons = open.map(({ reason = 'unknown', path }) => (path === '' ? reason : `${path}: ${reason}`));
  const isAbsent = open.every(({ absent }) => absent === true);
  const message = redactShapes(`not sealed: ${listed(reasons)}`);
  return [finding('mcp_closure_unresolved', message, isAbsent ? 'informational' : 'low')];
}
