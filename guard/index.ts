export type { DroppedVariable } from './environment/approved-environment.ts';
export { entryNames } from './environment/entry-names.ts';
export {
  type Approved,
  approvedOf,
  type EnvironmentOptions,
  type ServerEnvironment,
  serverEnvironment,
} from './environment/server-environment.ts';
export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
export { identityPaths } from './identity/identity-key.ts';
export { LocalIdentity } from './identity/identity-source.ts';
export { MAX_KEY_SET_BYTES, readKeySet } from './identity/key-set.ts';
export { type Issuer, standaloneIssuer } from './identity/spiffe-id.ts';
export { verifyToken } from './identity/token.ts';
export { type HeaderOptions, SecretHeaders } from './secrets/secret-headers.ts';
