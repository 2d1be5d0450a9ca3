import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a socket that listens, in proc_net_tcp(5). */
const LISTEN = '0A';
/** Columns of a line there. */
const LOCAL_ADDRESS = 1;
const STATE = 3;
const INODE = 9;

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(1);
  } catch {
    return [];
  }
}

/** What descriptors of sockets that listen on a port point at, as proc_pid_fd(5) writes it. */
function socketsOn(port: number): ReadonlySet<string> {
  const sockets = new Set<string>();
  for (const line of [...linesOf('/proc/net/tcp'), ...linesOf('/proc/net/tcp6')]) {
    const columns = line.trim().split(/\s+/);
    const local = Number.parseInt(columns[LOCAL_ADDRESS]?.split(':')[1] ?? '', 16);
    if (local === port && columns[STATE] === LISTEN) sockets.add(`socket:[${columns[INODE]}]`);
  }
  return sockets;
}

function holds(pid: number, sockets: ReadonlySet<string>): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((descriptor) => {
      try {
        return sockets.has(readlinkSync(`${directory}/${descriptor}`));
      } catch {
        // Closed in between.
        return false;
      }
    });
  } catch {
    // It ended, or belongs to another user.
    return false;
  }
}

/**
 * Pid of the process that listens on a TCP port of this host (Linux only); null where there is none, or it is of another user
 * and this one is not root.
 */
export function listeningProcess(port: number): number | null {
  const sockets = socketsOn(port);
  if (sockets.size === 0) return null;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => holds(pid, sockets)) ?? null;
}
