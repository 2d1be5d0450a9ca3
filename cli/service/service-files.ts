import { readFileSync } from 'node:fs';
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
const INSTALL_SECTION = /^\[Install\]\s*$/m;

/** A file of `systemd/` in an installation, with the place of a package replaced by its own. */
function unitText(directory: string, name: string, root: string): string {
  const path = join(directory, name);
  try {
    return readFileSync(path, 'utf8').replaceAll(PACKAGE_ROOT, () => root);
  } catch (cause) {
    throw new CliError('CLI_SERVICE_INCOMPLETE', `${path} is not there`, {
      cause,
      hint: 'unpack the release again, or run `npm run build` in the checkout',
    });
  }
}

/** The units, users and directories of a part for systemd. `root` is where the services will find the installation. */
export function systemdFiles(part: ServicePart, directory: string, root: string): readonly ServiceFile[] {
  const name = `sealwatch-${part}`;
  const from = (source: string, path: string): ServiceFile => ({
    part,
    path,
    text: unitText(directory, source, root),
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

/** The first config of an agent that reports to central at `url`. */
export function agentConfigText(url: string): string {
  return `# What can stand here: docs/agent-config.md
state_dir: ${PLACES.agent.state}
profile: developer
central:
  url: ${JSON.stringify(url)}
  token_file: ${PLACES.agent.token}
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
