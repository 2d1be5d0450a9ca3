export {
  type ApprovedEnvironment,
  approvedEnvironment,
  type DroppedVariable,
  type EnvironmentSources,
} from './environment/approved-environment.ts';
export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
export { identityPaths } from './identity/identity-key.ts';
export {
  AgentIdentity,
  type IdentityRequest,
  type IdentitySource,
  type Issuer,
  LocalIdentity,
} from './identity/identity-source.ts';
export { MAX_KEY_SET_BYTES, readKeySet } from './identity/key-set.ts';
export { type IdentityClaims, type TokenVerdict, verifyToken } from './identity/token.ts';
export { TokenFile, type TokenFileOptions } from './identity/token-file.ts';
export { type FetchOptions, fetchSecrets, type NamedSource } from './secrets/fetch-secrets.ts';
export { type HeaderOptions, SecretHeaders } from './secrets/secret-headers.ts';
