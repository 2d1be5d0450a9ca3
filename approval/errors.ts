import { CodedError } from '../wire/index.ts';

export const APPROVAL_ERROR_CODES = [
  'APPROVAL_TOO_LARGE',
  'APPROVAL_NOT_JSON',
  'APPROVAL_ENVELOPE_INVALID',
  'APPROVAL_PAYLOAD_TYPE_WRONG',
  'APPROVAL_STATEMENT_INVALID',
  'APPROVAL_SIGNATURE_INVALID',
  'APPROVAL_SIGNER_UNTRUSTED',
  'APPROVAL_KEY_UNREADABLE',
  'APPROVAL_KEY_EXPOSED',
  'APPROVAL_TRUST_ROOT_EXPOSED',
  'APPROVAL_STORE_UNREADABLE',
] as const;
export type ApprovalErrorCode = (typeof APPROVAL_ERROR_CODES)[number];

/** An approval, key or trust root that cannot be used. */
export class ApprovalError extends CodedError<ApprovalErrorCode> {}
