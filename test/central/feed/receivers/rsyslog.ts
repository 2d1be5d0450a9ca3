import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { haveProgram } from '../../../debian-package.ts';
import { freePort } from '../../../free-port.ts';
import { until } from '../../bench.ts';
import type { Certificates } from '../bench.ts';

/** Why rsyslog cannot run here; false where it can. */
export function rsyslogMissing(): string | false {
  const modules = ['x86_64', 'aarch64'].map(
    (machine) => `/usr/lib/${machine}-linux-gnu/rsyslog/lmnsd_gtls.so`,
  );
  const hasTls = () => modules.some((path) => existsSync(path));
  if (!haveProgram('rsyslogd', 'rsyslog', '-v')) return 'rsyslog is not here and cannot be installed';
  if (!hasTls()) haveProgram('ls', 'rsyslog-gnutls', modules[process.arch === 'arm64' ? 1 : 0]);
  return hasTls() ? false : 'rsyslog has no TLS here, and it cannot be installed';
}

/** rsyslog as Debian has it, with a config of its own, writing what it gets to a file. */
export class Rsyslog {
  readonly port: number;
  readonly #directory: string;
  #process: ChildProcess | null = null;

  constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
  }

  static async start(context: TestContext, directory: string, tls: Certificates | null): Promise<Rsyslog> {
    const rsyslog = new Rsyslog(join(directory, 'rsyslog'), await freePort());
    mkdirSync(rsyslog.#directory);
    rsyslog.#configure(tls);
    context.after(() => rsyslog.kill());
    await rsyslog.run();
    return rsyslog;
  }

  #configure(tls: Certificates | null): void {
    const driver =
      tls === null
        ? ''
        : `defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${tls.ca}"
           defaultNetstreamDriverCertFile="${tls.serverCert}" defaultNetstreamDriverKeyFile="${tls.serverKey}"`;
    const mode =
      tls === null
        ? ''
        : 'streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name" permittedPeer=["central.test"]';
    writeFileSync(
      join(this.#directory, 'rsyslog.conf'),
      `global(workDirectory="${this.#directory}" ${driver})
       module(load="imtcp" ${mode})
       template(name="whole" type="string" string="%rawmsg%\\n")
       input(type="imtcp" address="127.0.0.1" port="${this.port}")
       action(type="omfile" file="${join(this.#directory, 'messages')}" template="whole")\n`,
    );
  }

  async run(): Promise<void> {
    const conf = join(this.#directory, 'rsyslog.conf');
    const args = ['-n', '-f', conf, '-i', join(this.#directory, 'pid')];
    this.#process = spawn('rsyslogd', args, { stdio: 'ignore' });
    await until(() => this.#answers());
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
  }

  /** SIGKILL: what it had not written is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** The messages written so far; a last line that a kill cut short is left out. */
  get messages(): readonly string[] {
    const path = join(this.#directory, 'messages');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }
}
