export {
  addSignature,
  checkEnvelope,
  type Envelope,
  envelopeText,
  IN_TOTO_PAYLOAD_TYPE,
  parseEnvelope,
  signEnvelope,
  verifyEnvelope,
} from './envelope/dsse.ts';
export { APPROVAL_ERROR_CODES, ApprovalError, type ApprovalErrorCode } from './errors.ts';
export { identityKeySet } from './identity/identity-key.ts';
export { MAX_KEY_SET_BYTES, readKeySet } from './identity/key-set.ts';
export { type Issuer, isSpiffeId, standaloneIssuer } from './identity/spiffe-id.ts';
export { readToken, TOKEN_LIFE_S, verifyToken } from './identity/token.ts';
export { type IdentityRequest, TokenIssuer } from './identity/token-issuer.ts';
export { agentAccount } from './keys/agent-account.ts';
export {
  isAnyones,
  isExposed,
  isPrivateDirectory,
  OTHERS_MAY_ANYTHING,
  OTHERS_MAY_WRITE,
} from './keys/exposure.ts';
export { type KeySource, openSigner, trustKey } from './keys/key-choice.ts';
export { createKey, DEFAULT_KEY, type KeyFile, keyNames, openKey, openKeyFile } from './keys/key-files.ts';
export { exposedPart } from './keys/ownership.ts';
export { keyId, MAX_KEY_BYTES, parsePublicKey, sshBlobOf, sshFingerprint } from './keys/public-key.ts';
export type { Signer } from './keys/signer.ts';
export { listAgentKeys } from './keys/ssh-agent.ts';
export {
  loadTrust,
  loadTrustFiles,
  type Trust,
  type TrustRoot,
  type TrustSource,
  trustDirectory,
  trustFiles,
} from './keys/trust-roots.ts';
export { Authoriser, type Moment, type PolicySubject, type ToolCall } from './policy/authoriser.ts';
export { CEDAR_SCHEMA } from './policy/cedar-schema.ts';
export { DENIAL_CODES, type DenialCode, type PolicyDecision } from './policy/denial.ts';
export type { Destination } from './policy/destination.ts';
export { JointAuthoriser, type PolicyAuthority } from './policy/joint-authoriser.ts';
export { childPointer } from './policy/pointer.ts';
export {
  CLIENT_FEATURES,
  type ClientFeature,
  MAX_NAME_LENGTH,
  type Policy,
  type Secret,
  type SecretHeader,
} from './policy/policy.ts';
export { MAX_POLICY_CHARS, policyInvalid, readFleetPolicy, readPolicy } from './policy/policy-file.ts';
export { policySubject } from './policy/policy-subject.ts';
export { toolDigest } from './policy/tool-digest.ts';
export { blockingFindings, refuseUnaccepted } from './statement/acceptance.ts';
export { skeleton } from './statement/confusable.ts';
export type { Contexts, Situation } from './statement/contexts.ts';
export {
  APPROVAL_PREDICATE,
  type Candidate,
  composeStatement,
  encodeStatement,
  identityOf,
  parseStatement,
  type ServerIdentity,
  type Statement,
  sameEntry,
} from './statement/statement.ts';
export {
  readEnvelope,
  type StoredApproval,
  type StoreKind,
  type ValidApproval,
} from './store/approval-files.ts';
export {
  BUNDLE_PAYLOAD_TYPE,
  bundlePath,
  composeBundle,
  encodeBundle,
  installBundle,
  openBundle,
} from './store/bundle.ts';
export {
  type ConfigBundle,
  composeConfigBundle,
  openConfigBundle,
  type RemoteConfig,
} from './store/config-bundle.ts';
export { writeDurably } from './store/durable-file.ts';
export { claimedKind, type FleetBundle, openFleetBundle } from './store/fleet-bundle.ts';
export { KeptHashes } from './store/kept-hashes.ts';
export { type MarkSubject, Marks } from './store/marks.ts';
export {
  composePackageManifest,
  MAX_PACKAGE_MANIFEST_BYTES,
  openPackageManifest,
  PACKAGE_MANIFEST,
  type PackageManifest,
} from './store/package-manifest.ts';
export {
  composePolicyBundle,
  type FleetPolicy,
  installPolicyBundle,
  NO_FLEET_POLICY,
  policyBundlePath,
} from './store/policy-bundle.ts';
export {
  composeRulePack,
  openRulePack,
  parseRulePack,
  type RulePack,
  type RulePackFile,
  readRulePack,
  writeRulePack,
} from './store/rule-pack.ts';
export { type ApprovalRequest, ApprovalStore, type SignedDecision } from './store/store.ts';
export { Assessor, type Docket } from './verdict/assessor.ts';
export { type ArtefactChange, changesBetween, changesSince } from './verdict/change.ts';
export type { ChangeEvidence, ChangeWriter, EvidenceOf } from './verdict/explanation.ts';
export { examine, type Grounds, judge, type Ruling, type Verdict } from './verdict/judge.ts';
