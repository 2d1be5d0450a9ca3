export { GUARD_ERROR_CODES, GuardError, type GuardErrorCode } from './errors.ts';
export { type GuardOptions, runGuard } from './guard.ts';
export type { GuardEnd } from './guarded-server.ts';
export type { GuardRequest } from './request.ts';
export { answerQuestion, openQuestions, type Question } from './session/questions.ts';
