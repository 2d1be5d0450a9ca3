import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { haveProgram } from '../../debian-package.ts';
import { freePort } from '../../free-port.ts';

/** Where Debian keeps the server's programs, by major version. */
const DEBIAN_HOME = '/usr/lib/postgresql';
const USER = 'sealwatch';
/** Milliseconds between two looks whether the server answers. */
const LOOK_MS = 50;
/** Characters of the server's log that an error shows. */
const LOG_CHARACTERS = 2_000;

/** Directory of the newest server's programs here; null where there is none. */
function findPrograms(): string | null {
  if (!existsSync(DEBIAN_HOME)) return null;
  const versions = readdirSync(DEBIAN_HOME).filter((version) =>
    existsSync(join(DEBIAN_HOME, version, 'bin', 'initdb')),
  );
  const newest = versions.toSorted((one, other) => Number(other) - Number(one))[0];
  return newest === undefined ? null : join(DEBIAN_HOME, newest, 'bin');
}

let programs: string | null | undefined;

/** Directory of PostgreSQL's programs, installed first where root can; null where there are none. */
function postgresPrograms(): string | null {
  if (programs !== undefined) return programs;
  programs = findPrograms();
  if (programs === null) {
    haveProgram('postgres', 'postgresql');
    programs = findPrograms();
  }
  return programs;
}

/** For a test's `skip`: why PostgreSQL cannot run here, or false. */
export function withoutPostgres(): string | false {
  return postgresPrograms() === null && 'PostgreSQL is not installed and cannot be';
}

/** Ids of the user that the server runs as: it refuses root. */
function serverUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * A command as that user: `setpriv` puts the program in its own place, so that its pid is the program's. A test
 * that is killed takes the server with it.
 */
function asServerUser(command: readonly string[]): readonly [string, readonly string[]] {
  const user = serverUser();
  const [program = '', ...args] = command;
  if (user === null) return [program, args];
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=QUIT'];
  return ['setpriv', [...ids, '--', program, ...args]];
}

/**
 * A real PostgreSQL cluster in a directory of its own: fsync as ever, passwords asked for (SCRAM), one port on
 * loopback that stays the same over stops, and a socket.
 */
export class PostgresCluster {
  readonly port: number;
  /** Directory of its Unix socket, for `host=`. */
  readonly socketDirectory: string;
  readonly user = USER;
  readonly password: string;
  readonly #bin: string;
  readonly #directory: string;
  #server: ChildProcess | null = null;
  #log = '';

  private constructor(bin: string, directory: string, port: number, password: string) {
    this.#bin = bin;
    this.#directory = directory;
    this.port = port;
    this.password = password;
    this.socketDirectory = join(directory, 'run');
  }

  /** Makes a cluster and starts it. `settings` go into postgresql.conf. */
  static async open(settings: Readonly<Record<string, string>> = {}): Promise<PostgresCluster> {
    const bin = postgresPrograms();
    if (bin === null) throw new Error('PostgreSQL is not installed');
    const directory = mkdtempSync(join(tmpdir(), 'sealwatch-postgres-'));
    const password = randomBytes(12).toString('hex');
    const cluster = new PostgresCluster(bin, directory, await freePort(), password);
    try {
      cluster.#initialise(settings);
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster.destroy();
      throw error;
    }
  }

  /** Pid of the server's first process; null while it is stopped. */
  get pid(): number | null {
    return this.#server?.pid ?? null;
  }

  /** URL of a database of the cluster, with the password in it. */
  url(database = 'postgres'): string {
    return `postgres://${USER}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database. Answers its URL. */
  async createDatabase(): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** Runs one statement over a connection of its own. */
  async query(text: string, url = this.url()): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts the server and waits until it answers queries. */
  async start(): Promise<void> {
    for (;;) {
      const server = this.#spawn();
      const ended = once(server, 'exit');
      let isUp = true;
      void ended.then(() => {
        isUp = false;
      });
      while (isUp && !(await this.#answers())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (isUp) return;
      this.#server = null;
      // After a kill, processes of the dead server may hold its memory for a moment.
      if (!/still in use|already exists/.test(this.#log)) {
        throw new Error(`PostgreSQL did not start: ${this.#log.slice(-LOG_CHARACTERS)}`);
      }
      this.#log = '';
    }
  }

  /** Ends every session and stops cleanly ("fast"). */
  stop(): Promise<void> {
    return this.#end('SIGINT');
  }

  /** SIGKILL to the server's first process, which takes the others with it; data recovers at the next start. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Stops it and removes its directory. */
  async destroy(): Promise<void> {
    await this.#end('SIGQUIT');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: LOOK_MS });
  }

  #initialise(settings: Readonly<Record<string, string>>): void {
    const user = serverUser();
    const passwordFile = join(this.#directory, 'password');
    chmodSync(this.#directory, 0o711);
    mkdirSync(this.socketDirectory, { mode: 0o711 });
    mkdirSync(this.#data, { mode: 0o700 });
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    if (user !== null) {
      for (const path of [this.socketDirectory, this.#data, passwordFile])
        chownSync(path, user.uid, user.gid);
    }
    const [program, args] = asServerUser([
      join(this.#bin, 'initdb'),
      ...['-D', this.#data, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
      ...['-E', 'UTF8', '--locale=C.UTF-8'],
    ]);
    const made = spawnSync(program, args, { cwd: '/', encoding: 'utf8' });
    rmSync(passwordFile);
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
    const lines = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: this.socketDirectory,
      shared_buffers: '32MB',
      ...settings,
    };
    const text = Object.entries(lines).map(([name, value]) => `${name} = '${value}'\n`);
    writeFileSync(join(this.#data, 'postgresql.auto.conf'), text.join(''));
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  #spawn(): ChildProcess {
    const [program, args] = asServerUser([join(this.#bin, 'postgres'), '-D', this.#data]);
    const server = spawn(program, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    server.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-2 * LOG_CHARACTERS);
    });
    this.#server = server;
    return server;
  }

  async #answers(): Promise<boolean> {
    return await this.query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }
}
