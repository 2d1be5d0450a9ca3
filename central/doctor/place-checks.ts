import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { isExposed } from '../../approval/index.ts';
import { type CentralConfig, filesOf } from '../config/settings.ts';
import { DAY_MS } from '../limits.ts';
import { describeError } from '../log.ts';
import { descriptorLimit } from '../process-metrics.ts';
import { OTHERS } from '../store/place.ts';
import { type Check, degraded, failed, fine } from './check.ts';
import { listeningProcess } from './listening-process.ts';

/** Free bytes, and the share of the file system, below which it is time to look. */
const LOW_BYTES = 2 * 1024 ** 3;
const LOW_SHARE = 0.1;
/** Free bytes below which central will soon refuse alerts. */
const NO_BYTES = 64 * 1024 ** 2;
/** Days before its end that the authority's certificate is told of. */
const AUTHORITY_DAYS = 180;
/** Descriptors that central needs beside those of agents: database, feeds, API, its own files. */
const OWN_DESCRIPTORS = 256;
/** Milliseconds for the agents' listener to answer. */
const ANSWER_MS = 5_000;

/** The state directory, and the files that the config names: nobody else may read or write them. */
export function permissionChecks(config: CentralConfig): readonly Check[] {
  return [
    stateDirectoryCheck(config.state_dir),
    ...[...filesOf(config)].map(([key, path]) => fileCheck(key, path)),
  ];
}

function stateDirectoryCheck(path: string): Check {
  const name = 'state directory';
  if (!existsSync(path)) return failed(name, `${path} is not there`, `install -d -m 0700 ${path}`);
  if (isExposed(path)) return failed(name, `${path} can be written by others`, `chmod 700 ${path}`);
  const authority = join(path, 'authority');
  if (existsSync(authority) && (statSync(authority).mode & OTHERS) !== 0)
    return failed(
      name,
      `${authority} can be read by others: who reads it can be any agent`,
      `chmod 700 ${authority}`,
    );
  return fine(name, path);
}

function fileCheck(key: string, path: string): Check {
  const name = `file of ${key}`;
  try {
    if ((statSync(path).mode & OTHERS) === 0) return fine(name, path);
    return failed(name, `${path} can be read by others`, `chmod 600 ${path}`);
  } catch (error) {
    return failed(name, describeError(error), `put the secret into ${path}, mode 0600`);
  }
}

/** Room on the file system of the state directory, and of an SQLite file elsewhere. */
export function spaceChecks(config: CentralConfig): readonly Check[] {
  const places = [config.state_dir];
  if (typeof config.database === 'string') places.push(dirname(config.database));
  return places.filter(existsSync).map(spaceCheck);
}

function spaceCheck(path: string): Check {
  const { bavail, blocks, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const name = `space at ${path}`;
  const detail = `${Math.round(free / 1024 ** 2)} MiB free of ${Math.round((blocks * bsize) / 1024 ** 2)} MiB`;
  const fix = 'make room, or lower retention.keep_bytes; alerts wait with the agents meanwhile';
  if (free < NO_BYTES) return failed(name, detail, fix);
  return free < LOW_BYTES || free < blocks * bsize * LOW_SHARE
    ? degraded(name, detail, fix)
    : fine(name, detail);
}

/** How long the authority's own certificate is good for. */
export function authorityCheck({ state_dir: stateDir }: CentralConfig, now: number): Check {
  const name = 'certificate authority';
  const path = join(stateDir, 'authority', 'ca.pem');
  if (!existsSync(path))
    return degraded(name, 'not made yet', 'it is made when central first runs, or makes a token');
  try {
    const ends = new X509Certificate(readFileSync(path)).validToDate;
    const days = Math.floor((ends.getTime() - now) / DAY_MS);
    const detail = `good until ${ends.toISOString()}`;
    if (days < 0)
      return failed(
        name,
        detail,
        'no agent connects any more: start with a new state directory, and enrol anew',
      );
    if (days < AUTHORITY_DAYS)
      return degraded(name, detail, 'plan a new authority: every agent has to enrol anew');
    return fine(name, detail);
  } catch (error) {
    return failed(name, describeError(error), `bring ${path} back from a backup`);
  }
}

/** Whether central answers its agents, and how long the certificate is good that it shows. */
export function listenerCheck({ listen: { host, port } }: CentralConfig, now: number): Promise<Check> {
  const name = 'listener of agents';
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    const end = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    const stopped = 'start it: sealwatch central run';
    socket.setTimeout(ANSWER_MS, () => end(failed(name, `${address}:${port} does not answer`, stopped)));
    socket.on('error', (error) => end(failed(name, `${address}:${port}: ${describeError(error)}`, stopped)));
    socket.on('secureConnect', () => {
      const ends = new Date(socket.getPeerCertificate().valid_to);
      const detail = `${address}:${port} answers; its certificate is good until ${ends.toISOString()}`;
      if (ends.getTime() > now) end(fine(name, detail));
      else end(failed(name, detail, 'restart central, and look at the clock of this host'));
    });
  });
}

/** The limit of the central that runs; of this shell where none is to be found, and what its limit means is said. */
function limitOfCentral({ listen, api }: CentralConfig): {
  readonly limit: number | null;
  readonly whose: string;
} {
  const pid = listeningProcess(listen.port) ?? listeningProcess(api.listen.port);
  const limit = pid === null ? null : descriptorLimit(pid);
  return limit === null
    ? { limit: descriptorLimit(), whose: 'this shell, since no central of this user runs here' }
    : { limit, whose: `the running central, process ${pid}` };
}

/** Whether central may have as many descriptors as it may have agents. */
export function descriptorCheck(config: CentralConfig, agents: number | null): Check {
  const name = 'descriptors';
  const { limit, whose } = limitOfCentral(config);
  if (limit === null) return fine(name, 'not limited in a way that is known here');
  const detail = `${limit} (of ${whose}), ${agents ?? 'an unknown number of'} agents, ${config.limits.max_connections} connections allowed`;
  const fix = `LimitNOFILE=${config.limits.max_connections + OWN_DESCRIPTORS} in the unit of central, or lower limits.max_connections`;
  if (agents !== null && limit < agents + OWN_DESCRIPTORS) return failed(name, detail, fix);
  return limit < config.limits.max_connections + OWN_DESCRIPTORS
    ? degraded(name, detail, fix)
    : fine(name, detail);
}
