/** What a remote server can make the guard keep, and for how long it is waited for. */
export const REMOTE_LIMITS = {
  /** Bytes of one message, either way; as much as the session holds back of a client's. */
  messageBytes: 16 * 1024 * 1024,
  /** Bytes of messages that are not whole yet, all streams together; and of requests that the server has not taken. */
  heldBytes: 64 * 1024 * 1024,
  /** Requests that wait for their answer. */
  openRequests: 1_000,
  /** Characters of a request's id, as JSON. */
  idLength: 1_024,
  /** Messages that are no JSON before the server is given up. */
  malformed: 100,
  /** Milliseconds until the answer to a request begins: a server without streams first has to finish its work. */
  answerMs: 300_000,
  /** Milliseconds until a notification or an answer is taken, or a stream begins. */
  acceptMs: 30_000,
  /** Milliseconds in which what was asked may still be answered once the client sends no more. */
  drainMs: 10_000,
  /** Milliseconds for the goodbye. */
  closeMs: 5_000,
  /** Attempts to resume a stream that broke, in a row without a message. */
  resumes: 5,
  /** Milliseconds before the first attempt; half as much again before each further one. */
  resumeMs: 1_000,
  maxResumeMs: 30_000,
  /** Milliseconds after which a stream counts as one that held. */
  steadyMs: 30_000,
} as const;

export type RemoteLimits = { readonly [Limit in keyof typeof REMOTE_LIMITS]: number };
