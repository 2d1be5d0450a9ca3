import { Worker } from 'node:worker_threads';
import { CentralError } from '../../errors.ts';
import { tellSqlite } from '../failures.ts';
import type { JobAnswer, JobFailure, JobName, Jobs, ThreadPlace } from './jobs.ts';

/** The worker beside this file, in source, built or bundled. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to an SQLite file, in a thread of its own: its syncs and searches hold nobody else up. */
export class SqliteThread {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #next = 1;
  #gone = false;

  private constructor(place: ThreadPlace) {
    this.#path = place.path;
    this.#worker = new Worker(WORKER, { workerData: place });
    this.#worker.on('message', (answer: JobAnswer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end('its thread has ended');
        resolve();
      });
    });
  }

  /** Opens the file, which exists. @throws {CentralError} CENTRAL_DATABASE_… */
  static async open(place: ThreadPlace): Promise<SqliteThread> {
    const thread = new SqliteThread(place);
    await new Promise<null>((resolve, reject) => thread.#waiting.set(0, { resolve, reject }));
    return thread;
  }

  /** Has a job done, behind those that were asked for before. @throws {CentralError} or what the statement was at fault for */
  do<N extends JobName>(name: N, request: Jobs[N]['request']): Promise<Jobs[N]['answer']> {
    if (this.#gone) return Promise.reject(this.#lost('its thread has ended'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, name, request });
    });
  }

  /** What failed in the thread as an error of this one. */
  told({ message, code }: JobFailure): Error {
    return tellSqlite(Object.assign(new Error(message), { code }), this.#path);
  }

  /** Closes the file and ends the thread. */
  async close(): Promise<void> {
    if (!this.#gone) await this.do('close', null);
    await this.#ended;
  }

  #take(answer: JobAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('failure' in answer) waiting?.reject(this.told(answer.failure));
    else waiting?.resolve(answer.answer as never);
  }

  #lost(reason: string): CentralError {
    return new CentralError(
      'CENTRAL_DATABASE_UNREACHABLE',
      `the database ${this.#path} is closed: ${reason}`,
    );
  }

  #end(reason: string): void {
    this.#gone = true;
    for (const { reject } of this.#waiting.values()) reject(this.#lost(reason));
    this.#waiting.clear();
  }
}
