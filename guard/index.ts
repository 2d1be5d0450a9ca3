export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
export { type GuardOptions, runGuard } from './guard.ts';
export type { GuardEnd } from './guarded-server.ts';
export { identityKeySet } from './identity/identity-key.ts';
export { MAX_KEY_SET_BYTES, readKeySet } from './identity/key-set.ts';
export { verifyToken } from './identity/token.ts';
export type { GuardRequest } from './request.ts';
export { answerQuestion, openQuestions, type Question } from './session/questions.ts';
