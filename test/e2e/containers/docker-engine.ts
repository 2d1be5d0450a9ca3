import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from '../host.ts';

/** Milliseconds for one call of the client. */
const CALL_MS = 60_000;

export interface DockerEngine {
  readonly socket: string;
  /** Runs the client to its end; answers its stdout. */
  docker(...args: readonly string[]): string;
  stop(): Promise<void>;
}

/**
 * A dockerd of its own, with all its state in a directory: it touches neither the network of the host nor anything
 * of another engine.
 */
export async function startDocker(directory: string): Promise<DockerEngine> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const socket = join(directory, 'docker.sock');
  const config = join(directory, 'daemon.json');
  writeFileSync(config, '{}');
  const daemon = spawn(
    'dockerd',
    [
      ...['--iptables=false', '--ip6tables=false', '--bridge=none', '--ip-forward=false'],
      ...['--userland-proxy=false', '--storage-driver=vfs'],
      ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--config-file', config],
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--pidfile', join(directory, 'docker.pid'), '-H', `unix://${socket}`],
    ],
    { stdio: 'ignore', detached: true },
  );
  const ended = once(daemon, 'exit');
  await until('dockerd', async () => {
    if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}`);
    return await answers(socket);
  });
  return {
    socket,
    docker: (...args) => {
      const options = { encoding: 'utf8', timeout: CALL_MS } as const;
      const { status, stdout, stderr } = spawnSync('docker', ['-H', `unix://${socket}`, ...args], options);
      if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    },
    stop: async () => {
      daemon.kill('SIGTERM');
      await ended;
    },
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.end();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
