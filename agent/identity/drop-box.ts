import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readlinkSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { IDENTITY_ANSWERS, IDENTITY_NAME, IDENTITY_QUESTIONS } from '../../wire/index.ts';

/** Others may pass it to what is theirs, or whose name they know. */
const PASSABLE = 0o711;
const OWNERS_ALONE = 0o700;
const ANSWER_MODE = 0o400;
/** Questions of one user that are taken in one go. */
const MAX_NAMES = 64;
/** Milliseconds after which answers that nobody needs any more are removed. */
const STALE_MS = 30_000;

/** A question as it was found, and the user in whose directory that was. */
export interface Dropped {
  readonly name: string;
  readonly uid: number;
  readonly text: string;
}

/**
 * Through which guards of other users ask and are answered, since Node tells nothing of who is at the other end of a
 * socket: in a directory of each user's own they put questions, as symbolic links that lead nowhere, for a link appears
 * with its text in one step and is read without being opened. Root never follows or opens what a user put there. An
 * answer lies in a directory of root's, under the name of the question, and its user alone can read it.
 */
export class DropBox {
  readonly #answers: string;
  readonly #questions: ReadonlyMap<number, string>;

  /** Makes the directories, or puts their owners and modes right. Throws as the system does. */
  constructor(stateDir: string, uids: readonly number[]) {
    const questions = join(stateDir, IDENTITY_QUESTIONS);
    this.#answers = join(stateDir, IDENTITY_ANSWERS);
    for (const directory of [questions, this.#answers]) makeDirectory(directory, null, PASSABLE);
    this.#questions = new Map(uids.map((uid) => [uid, join(questions, String(uid))]));
    for (const [uid, directory] of this.#questions) makeDirectory(directory, uid, OWNERS_ALONE);
  }

  /** Where questions come. */
  get directories(): readonly string[] {
    return [...this.#questions.values()];
  }

  /** Takes out up to 64 questions of each user, and says whether more may be there. */
  take(): { readonly dropped: readonly Dropped[]; readonly isFull: boolean } {
    const dropped: Dropped[] = [];
    let isFull = false;
    for (const [uid, directory] of this.#questions) {
      const names = listed(directory);
      const found = names.flatMap((name) => takeOut(directory, name, uid) ?? []);
      dropped.push(...found);
      isFull ||= names.length === MAX_NAMES && found.length > 0;
    }
    return { dropped, isFull };
  }

  /** Puts an answer there whole. Throws as the system does. */
  answer({ name, uid }: Dropped, text: string): void {
    const path = join(this.#answers, name);
    const draft = `${path}.tmp`;
    rmSync(draft, { force: true });
    writeFileSync(draft, text, { flag: 'wx', mode: ANSWER_MODE });
    chownSync(draft, uid, -1);
    renameSync(draft, path);
  }

  /** Removes what was answered a while ago. */
  clear(): void {
    for (const name of listed(this.#answers)) {
      const path = join(this.#answers, name);
      const changedMs = lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
      if (Date.now() - changedMs > STALE_MS) rmSync(path, { force: true });
    }
  }
}

/** All of it lies below a directory that root alone can write, so nobody puts a link in its place. */
function makeDirectory(path: string, uid: number | null, mode: number): void {
  mkdirSync(path, { recursive: true, mode: OWNERS_ALONE });
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is no directory`);
  chownSync(path, uid ?? process.geteuid?.() ?? -1, -1);
  chmodSync(path, mode);
}

function listed(directory: string): readonly string[] {
  const names: string[] = [];
  const entries = opendirSync(directory);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      names.push(entry.name);
      if (names.length === MAX_NAMES) break;
    }
    return names;
  } finally {
    entries.closeSync();
  }
}

/** Null for what is no question of the user's; it is removed all the same, save a directory, which is in its user's way only. */
function takeOut(directory: string, name: string, uid: number): Dropped | null {
  const path = join(directory, name);
  try {
    const stat = lstatSync(path);
    const isQuestion = stat.isSymbolicLink() && stat.uid === uid && IDENTITY_NAME.test(name);
    const text = isQuestion ? readlinkSync(path) : null;
    unlinkSync(path);
    return text === null ? null : { name, uid, text };
  } catch {
    return null;
  }
}
