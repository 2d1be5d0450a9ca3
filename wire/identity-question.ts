import * as z from 'zod';

/** Directory under root's state directory with one directory for each user, named by uid, for questions of its guards. */
export const IDENTITY_QUESTIONS = 'identity-questions';
/** Directory beside it, in which the agent puts answers under the names of the questions. */
export const IDENTITY_ANSWERS = 'identity-answers';
/** What a question is called: 128 random bits, so that nobody else guesses the name of the answer. */
export const IDENTITY_NAME = /^[0-9a-f]{32}$/;

/** What a guard asks a token for, as the text of a symbolic link (below 4 KiB, symlink(2)). The directory says who asks. */
export const identityQuestionSchema = z.strictObject({
  v: z.literal(1),
  /** Id of the server. */
  id: z.string().min(1).max(64),
  audience: z.string().min(1).max(256),
  /** Digest of the closure that the guard started. */
  closure: z.string().max(256),
  /** That of the approval. */
  serial: z.number().int().positive(),
});
export type IdentityQuestion = Readonly<z.infer<typeof identityQuestionSchema>>;

export const identityAnswerSchema = z.union([
  z.strictObject({ v: z.literal(1), token: z.string() }),
  z.strictObject({ v: z.literal(1), refused: z.string().max(1_024) }),
]);
export type IdentityAnswer = Readonly<z.infer<typeof identityAnswerSchema>>;
