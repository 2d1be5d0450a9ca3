import type { Command } from 'commander';
import { type Run, withJson } from './command-options.ts';
import type { Installation } from './installation.ts';

function withParts(command: Command): Command {
  return withJson(command)
    .option('--agent', 'the agent; what is meant where nothing is named')
    .option('--central-node', 'the node of central');
}

function withImage(command: Command): Command {
  return withParts(command)
    .option('--dry-run', 'print each file and command, and do nothing')
    .option('--destdir <dir>', 'work on an image that lies in a directory, and start nothing');
}

/** Running as a service without a package: from a checkout or an unpacked tarball. */
export function addService(program: Command, install: Installation, run: Run): void {
  const service = program.command('service').description('run as a service of this host, without a package');
  withImage(service.command('install'))
    .description('have systemd or launchd run it from here, now and at each boot')
    .option('--central <url>', 'wss:// address of central, where there is no config yet')
    .option('--token-file <file>', 'file with the enrolment token; - is stdin')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/service/install.ts')).serviceInstall(options, install, output),
      ),
    );
  withImage(service.command('uninstall'))
    .description('stop it and remove what `install` wrote; says what is kept')
    .option('--purge', 'remove configuration, state and keys as well', false)
    .option('-y, --yes', 'ask nothing', false)
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/service/uninstall.ts')).serviceUninstall(options, install, output),
      ),
    );
  withParts(service.command('status'))
    .description('how the service manager sees it; 1 where something is not well')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/service/status.ts')).serviceStatus(options, output),
      ),
    );
}
