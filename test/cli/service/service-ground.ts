import { mkdirSync } from 'node:fs';
import type { ServiceHost } from '../../../cli/commands/service/place.ts';
import type { Installation } from '../../../cli/installation.ts';
import type { Output } from '../../../cli/output.ts';
import { UNITS } from '../../../cli/service/parts.ts';
import { TempDirectory } from '../../temp-directory.ts';

/** An image with an unpacked installation in it, and a host that records commands in place of running them. */
export class ServiceGround extends TempDirectory {
  readonly ran: string[] = [];
  readonly answers: unknown[] = [];
  readonly lines: string[] = [];
  readonly said: string[] = [];
  /** What a command answers; status 0 and nothing unless told. */
  reply: (line: string) => { readonly status: number; readonly stdout?: string; readonly stderr?: string } =
    () => ({
      status: 0,
    });

  constructor(place = 'opt/sealwatch') {
    super();
    for (const [part, units] of Object.entries(UNITS)) {
      const from = part === 'agent' ? '/usr/lib/sealwatch' : '/usr/lib/sealwatch-central';
      this.write(`${place}/systemd/sealwatch-${part}.sysusers.conf`, `u sealwatch - "Sealwatch"\n`);
      this.write(`${place}/systemd/sealwatch-${part}.tmpfiles.conf`, `d /run/sealwatch\n`);
      for (const unit of units) {
        const starts = unit.startsWith('sealwatch-enrolment.service') || unit === 'sealwatch-sensor.service';
        const kind = unit.split('.').at(-1);
        const [head = ''] = [
          kind === 'service' ? `[Service]\nExecStart=${from}/bin/sealwatch x\n` : `[Unit]\n`,
        ];
        this.write(
          `${place}/systemd/${unit}`,
          `[Unit]\nDescription=of /usr/lib/sealwatchdog and ${from}\n${head}${starts ? '' : '[Install]\nWantedBy=multi-user.target\n'}`,
        );
      }
    }
    this.write(`${place}/bin/sealwatch`, '#!/bin/sh\n', 0o755);
    mkdirSync(this.at('etc'), { recursive: true });
    this.install = { ...EMPTY, root: this.at(place) };
  }

  readonly install: Installation;

  host(over: Partial<ServiceHost> = {}): ServiceHost {
    return {
      platform: 'linux',
      run: (command, args) => {
        const line = [command, ...args].join(' ').replaceAll(this.path, 'IMAGE');
        this.ran.push(line);
        return { stdout: '', stderr: '', ...this.reply(line) };
      },
      owners: [process.getuid?.() ?? 0, 0],
      isRoot: true,
      hasSystemd: true,
      words: ['service', 'install'],
      ...over,
    };
  }

  output(json = false): Output {
    return {
      json,
      colours: {} as Output['colours'],
      columns: null,
      answer: (text) => void this.lines.push(text),
      answerJson: (value) => void this.answers.push(value),
      say: (text) => void this.said.push(text),
    };
  }
}

const EMPTY: Installation = { root: '', version: '0', rules: '', sensor: null, launcher: null, relay: null };
