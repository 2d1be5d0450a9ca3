export { type ArtefactChange, changesBetween } from './change.ts';
export { APPROVAL_ERROR_CODES, ApprovalError, type ApprovalErrorCode } from './errors.ts';
export { isExposed } from './exposure.ts';
export { SealedCopies } from './sealed-copy.ts';
export { judge, type Verdict } from './state.ts';
export type { Candidate, Statement } from './statement.ts';
export { type ApprovalRequest, ApprovalStore, type StoredApproval } from './store.ts';
