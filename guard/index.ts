export { type Jurisdiction, type JurisdictionOptions, jurisdiction } from './authority/host-facts.ts';
export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
