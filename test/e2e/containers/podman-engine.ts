import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Milliseconds for one call. */
const CALL_MS = 60_000;

export interface Podman {
  /** Variables under which podman keeps all its state in its directory. */
  readonly env: NodeJS.ProcessEnv;
  podman(...args: readonly string[]): string;
}

/** Podman over runc with state, limits and control groups such as need nothing of systemd. */
export function preparePodman(directory: string): Podman {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const containers = join(directory, 'containers.conf');
  const storage = join(directory, 'storage.conf');
  const runtime = spawnSync('sh', ['-c', 'command -v runc'], { encoding: 'utf8' }).stdout.trim();
  writeFileSync(
    containers,
    [
      '[containers]',
      'default_ulimits = ["nofile=1024:1024","nproc=4096:4096"]',
      'netns = "none"',
      '[engine]',
      'cgroup_manager = "cgroupfs"',
      'events_logger = "file"',
      'runtime = "runc"',
      '[engine.runtimes]',
      `runc = ["${runtime}"]`,
    ].join('\n'),
  );
  writeFileSync(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${join(directory, 'graph')}"\nrunroot = "${join(directory, 'run')}"\n`,
  );
  const env = { CONTAINERS_CONF: containers, CONTAINERS_STORAGE_CONF: storage, TMPDIR: directory };
  return {
    env,
    podman: (...args) => {
      const options = { encoding: 'utf8', timeout: CALL_MS, env: { ...process.env, ...env } } as const;
      const { status, stdout, stderr } = spawnSync('podman', args, options);
      if (status !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`);
      return stdout.trim();
    },
  };
}
