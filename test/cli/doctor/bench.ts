import type { Check } from '../../../cli/doctor/check.ts';
import type { Surroundings } from '../../../cli/doctor/surroundings.ts';
import { TempDirectory } from '../../temp-directory.ts';

const RULES = new URL('../../../rules/mcp', import.meta.url).pathname;

/** A host that is played: its /proc and /sys, and what its commands answer. */
export class PlayedHost extends TempDirectory {
  readonly ran: string[] = [];
  replies: Readonly<Record<string, string>> = {};

  /** Everything that a healthy host has. */
  static healthy(): PlayedHost {
    const host = new PlayedHost();
    host.write('sys/kernel/btf/vmlinux', 'x');
    host.write('sys/kernel/security/lsm', 'lockdown,capability,bpf\n');
    host.write('proc/sys/fs/fanotify/max_user_groups', '128\n');
    host.write('proc/sys/fs/inotify/max_user_watches', '65536\n');
    host.write('proc/sys/fs/inotify/max_user_instances', '512\n');
    host.write('state/.keep', '');
    host.replies = { timedatectl: 'yes\n' };
    return host;
  }

  here(over: Partial<Surroundings> = {}): Surroundings {
    return {
      install: { sensor: '/opt/sealwatch/dist/sensor/sealwatch-sensor', rules: RULES, version: '1.2.3' },
      stateDir: this.at('state'),
      configPath: this.at('etc/agent.yml'),
      platform: 'linux',
      kernel: '6.1.0-13-amd64',
      isRoot: true,
      userName: (uid) => `u${uid}`,
      proc: this.at('proc'),
      sys: this.at('sys'),
      run: (command) => {
        this.ran.push(command);
        const stdout = this.replies[command];
        return { status: stdout === undefined ? 1 : 0, stdout: stdout ?? '', stderr: '' };
      },
      now: Date.now(),
      ...over,
    };
  }
}

/** Codes of what is wrong, and the names of what could not be looked at. */
export function found(checks: readonly Check[]): readonly string[] {
  return checks.flatMap(({ state, code, name }) => (state === 'ok' ? [] : [code ?? `? ${name}`]));
}
