import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exposedPart, type IdentityRequest, readToken } from '../../approval/index.ts';
import {
  IDENTITY_ANSWERS,
  IDENTITY_QUESTIONS,
  type IdentityAnswer,
  identityAnswerSchema,
} from '../../wire/index.ts';
import { GuardError } from '../errors.ts';
import { codeOf } from '../system-code.ts';
import type { IdentitySource } from './identity-source.ts';

/** Milliseconds that the agent may take altogether. */
const AGENT_TIMEOUT_MS = 5_000;
/** Milliseconds between looks for an answer: its directory cannot be watched by those who may not list it. */
const ANSWER_LOOK_MS = 20;
/** Milliseconds before a refused question is asked again: the agent may see a new approval a moment after the guard. */
const ASK_AGAIN_MS = 500;
/** Bytes of an answer. */
const MAX_ANSWER_BYTES = 16 * 1024;
const START_AGENT = 'start the agent of this host as root, or again where this user is new';
/** Whose agent is believed: root's. */
const ANSWERERS = [0];

/** Asks the host's agent, which keeps the key, for tokens. It decides for itself what is true of a request. */
export class AgentIdentity implements IdentitySource {
  readonly #questions: string;
  readonly #answers: string;
  readonly #timeoutMs: number;

  /** `stateDir` is that of the host's agent. */
  constructor(stateDir: string, timeoutMs = AGENT_TIMEOUT_MS) {
    this.#questions = join(stateDir, IDENTITY_QUESTIONS, String(process.getuid?.()));
    this.#answers = join(stateDir, IDENTITY_ANSWERS);
    this.#timeoutMs = timeoutMs;
  }

  async issue(request: IdentityRequest): Promise<string> {
    this.#refuseExposed();
    const endMs = performance.now() + this.#timeoutMs;
    for (;;) {
      const answer = await this.#ask(request, endMs);
      if ('token' in answer) return checked(answer.token, request);
      if (performance.now() + ASK_AGAIN_MS > endMs)
        throw unavailable(`the agent issues no identity: ${answer.refused}`);
      await sleep(ASK_AGAIN_MS);
    }
  }

  /** Whoever else could write there would choose the token. */
  #refuseExposed(): void {
    let exposed: string | null;
    try {
      exposed = exposedPart(this.#answers, ANSWERERS);
    } catch (cause) {
      throw unavailable(`the agent of this host answers no guards (${codeOf(cause)})`, START_AGENT);
    }
    if (exposed !== null) throw unavailable(`others could have written ${exposed}`);
  }

  async #ask({ id, audience, closure, serial }: IdentityRequest, endMs: number): Promise<IdentityAnswer> {
    const name = randomBytes(16).toString('hex');
    const path = join(this.#questions, name);
    try {
      symlinkSync(JSON.stringify({ v: 1, id, audience, closure, serial }), path);
    } catch (cause) {
      throw unavailable(`the agent of this host cannot be asked (${codeOf(cause)})`, START_AGENT);
    }
    try {
      while (performance.now() < endMs) {
        await sleep(ANSWER_LOOK_MS);
        const text = readAnswer(join(this.#answers, name));
        if (text !== null) return parsed(text);
      }
    } finally {
      rmSync(path, { force: true });
    }
    throw unavailable(`the agent of this host did not answer within ${this.#timeoutMs} ms`);
  }
}

/** Null where there is none yet. */
function readAnswer(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, MAX_ANSWER_BYTES));
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}

function parsed(text: string): IdentityAnswer {
  try {
    return identityAnswerSchema.parse(JSON.parse(text));
  } catch {
    throw unavailable('the agent’s answer cannot be read');
  }
}

function checked(token: string, { audience, closure, serial }: IdentityRequest): string {
  const claims = readToken(token);
  const isMeant = claims?.aud[0] === audience && claims.closure === closure && claims.serial === serial;
  if (isMeant) return token;
  throw unavailable('the agent’s answer is not the token that was asked for');
}

function unavailable(message: string, hint?: string): GuardError {
  return new GuardError('GUARD_IDENTITY_UNAVAILABLE', message, hint === undefined ? {} : { hint });
}
