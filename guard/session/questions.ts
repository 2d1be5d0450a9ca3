import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

/** Milliseconds between two looks for an answer. */
const LOOK_MS = 200;
const MAX_FILE_BYTES = 16 * 1024;
const MAX_QUESTIONS = 100;
const MAX_QUESTION_LENGTH = 2_000;
const SUFFIX = '.question.json';
const ID = /^[0-9a-f]{12}$/;

const questionSchema = z.object({
  id: z.string().regex(ID),
  server: z.string(),
  question: z.string(),
  asked: z.iso.datetime(),
  /** When nobody waits for the answer any more. */
  until: z.iso.datetime(),
});
/** Something that waits for a person. */
export type Question = Readonly<z.infer<typeof questionSchema>>;

/** Questions of guards as files in a directory of the user's own; `sealwatch answer` writes the answers beside them. */
export class Questions {
  readonly #directory: string;
  readonly #server: string;

  /** `server` is how the question names it. */
  constructor(directory: string, server: string) {
    this.#directory = directory;
    this.#server = server;
  }

  /** Asks, and waits. False where nobody answers in time, or the question cannot be kept. */
  async ask(question: string, timeoutMs: number): Promise<boolean> {
    const id = randomBytes(6).toString('hex');
    const now = Date.now();
    const path = join(this.#directory, `${id}${SUFFIX}`);
    const record: Question = {
      id,
      server: this.#server,
      question: question.slice(0, MAX_QUESTION_LENGTH),
      asked: new Date(now).toISOString(),
      until: new Date(now + timeoutMs).toISOString(),
    };
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(path, JSON.stringify(record), { flag: 'wx', mode: 0o600 });
    } catch {
      return false;
    }
    try {
      return await this.#wait(id, now + timeoutMs);
    } finally {
      rmSync(path, { force: true });
      rmSync(answerPath(this.#directory, id), { force: true });
    }
  }

  async #wait(id: string, until: number): Promise<boolean> {
    while (Date.now() < until) {
      const answer = readSmall(answerPath(this.#directory, id));
      if (answer !== null) return answer.trim() === 'allow';
      await sleep(LOOK_MS, undefined, { ref: false });
    }
    return false;
  }
}

/** The questions that wait, oldest first. */
export function openQuestions(directory: string, now: Date): readonly Question[] {
  const names = namesIn(directory).filter((name) => name.endsWith(SUFFIX));
  return names
    .slice(0, MAX_QUESTIONS)
    .flatMap((name) => parsed(readSmall(join(directory, name))) ?? [])
    .filter(({ until }) => Date.parse(until) > now.getTime())
    .sort((a, b) => a.asked.localeCompare(b.asked));
}

/** Answers one. */
export function answerQuestion(directory: string, id: string, allow: boolean): void {
  const path = answerPath(directory, id);
  writeFileSync(`${path}.new`, allow ? 'allow\n' : 'refuse\n', { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function answerPath(directory: string, id: string): string {
  return join(directory, `${id}.answer`);
}

function parsed(text: string | null): Question | null {
  try {
    const read = questionSchema.safeParse(JSON.parse(text ?? ''));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

function readSmall(path: string): string | null {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= MAX_FILE_BYTES ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
