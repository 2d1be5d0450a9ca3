import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { ADMIN_UNIT_DIRECTORY, PLACES, type ServicePart, UNITS } from './parts.ts';

/** A file of the service as it is to lie on the installed system. */
export interface ServiceFile {
  readonly part: ServicePart;
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** Where packages put an installation; units name it. */
const PACKAGE_ROOT = /\/usr\/lib\/sealwatch(?:-central)?(?![\w.-])/g;
const PROGRAM = /^ExecStart=(.*)$/gm;
const INSTALL_SECTION = /^\[Install\]\s*$/m;

/** A file of `systemd/` in an installation, with the place of a package replaced by its own. */
function unitText(name: string, root: string, seenAs: string): string {
  const path = join(root, 'systemd', name);
  if (!existsSync(path)) throw incomplete(path);
  const text = readFileSync(path, 'utf8');
  for (const [, line = ''] of text.matchAll(PROGRAM)) {
    for (const word of line.split(' ')) {
      const own = word.replace(PACKAGE_ROOT, () => root);
      if (own !== word && !existsSync(own)) throw incomplete(own);
    }
  }
  return text.replaceAll(PACKAGE_ROOT, () => seenAs);
}

function incomplete(path: string): CliError {
  return new CliError('CLI_SERVICE_INCOMPLETE', `${path} is not there`, {
    hint: 'unpack the release again, or run `npm run build` as root in the checkout',
  });
}

/**
 * The units, users and directories of a part for systemd, of the installation at `root`, which the services find at
 * `seenAs`. @throws {CliError} CLI_SERVICE_INCOMPLETE
 */
export function systemdFiles(part: ServicePart, root: string, seenAs: string): readonly ServiceFile[] {
  const name = `sealwatch-${part}`;
  const from = (source: string, path: string): ServiceFile => ({
    part,
    path,
    text: unitText(source, root, seenAs),
    mode: 0o644,
  });
  return [
    from(`${name}.sysusers.conf`, `/etc/sysusers.d/${name}.conf`),
    from(`${name}.tmpfiles.conf`, `/etc/tmpfiles.d/${name}.conf`),
    ...UNITS[part].map((unit) => from(unit, join(ADMIN_UNIT_DIRECTORY, unit))),
  ];
}

/** Names of the units that are started with the host: the others are started by these. */
export function enabledUnits(files: readonly ServiceFile[]): readonly string[] {
  return files
    .filter(({ path, text }) => path.startsWith(`${ADMIN_UNIT_DIRECTORY}/`) && INSTALL_SECTION.test(text))
    .map(({ path }) => path.slice(ADMIN_UNIT_DIRECTORY.length + 1));
}

/** The first config of an agent that reports to central at `url`, and is given its token in `tokenFile`. */
export function agentConfigText(url: string, tokenFile: string): string {
  return `# What can stand here: docs/agent-config.md
state_dir: ${PLACES.agent.state}
profile: developer
central:
  url: ${JSON.stringify(url)}
  token_file: ${tokenFile}
`;
}

/** The first config of central. */
export function centralConfigText(): string {
  return `# What can stand here: docs/central-config.md
state_dir: ${PLACES.central.state}
listen: 0.0.0.0:7443
api:
  listen: 127.0.0.1:7300
`;
}
