import { type Flag, readFlags, valuesOf } from './flags.ts';

/** Options of `docker run` and `podman run` without a value; any other that has no `=` takes one. */
const SWITCHES: ReadonlySet<string> = new Set([
  '--rm',
  '--interactive',
  '--tty',
  '--detach',
  '--init',
  '--privileged',
  '--read-only',
  '--publish-all',
  '--no-healthcheck',
  '--oom-kill-disable',
  '--sig-proxy',
  '--quiet',
  '--help',
  '--disable-content-trust',
  '--use-api-socket',
  '--no-hosts',
  '--no-hostname',
  '--replace',
  '--rmi',
  '--env-host',
  '--http-proxy',
  '--passwd',
  '--tls-verify',
  '--no-deps',
  '--service-ports',
  '--use-aliases',
  '--build',
  '--remove-orphans',
  '--no-TTY',
]);
const SHORT_SWITCHES = /^-[itdPqTA]+$/;

export interface DockerRun {
  readonly image: string | null;
  readonly envFiles: readonly string[];
  /** Paths of the host that are mounted: of files only those decide what runs. */
  readonly mounts: readonly string[];
  readonly entrypoint: string | null;
  readonly words: readonly string[];
  /** What the container is to be called; null where the engine finds a name. */
  readonly name: string | null;
  /** File that gets the container's id. */
  readonly idFile: string | null;
  /** `KEY=VALUE` or `KEY`. */
  readonly labels: readonly string[];
  /** Whether its standard input is kept open. */
  readonly interactive: boolean;
}

/** The image of `docker run` and the host files that its options name. */
export function readDockerRun(args: readonly string[]): DockerRun {
  const { flags, words } = readFlags(splitShortValues(args), { values: valueFlagsOf(args) });
  return {
    image: words[0] ?? null,
    envFiles: valuesOf(flags, '--env-file'),
    mounts: [
      ...valuesOf(flags, '-v', '--volume').map((value) => value.replace(/:(?!\\).*$/s, '')),
      ...valuesOf(flags, '--mount').flatMap(
        (value) => /(?:^|,)(?:source|src)=([^,]+)/.exec(value)?.[1] ?? [],
      ),
    ].filter((path) => /^[/.~$]/.test(path)),
    entrypoint: valuesOf(flags, '--entrypoint').at(-1) ?? null,
    words: words.slice(1),
    name: valuesOf(flags, '--name').at(-1) ?? null,
    idFile: valuesOf(flags, '--cidfile').at(-1) ?? null,
    labels: valuesOf(flags, '-l', '--label'),
    interactive: flags.some(isInteractive),
  };
}

function isInteractive({ name, value }: Flag): boolean {
  if (name === '--interactive') return value === null || value === 'true';
  return SHORT_SWITCHES.test(name) && name.includes('i');
}

/** `-v/host:/inner` and `-eKEY=x` hold their value in the same word. */
function splitShortValues(args: readonly string[]): readonly string[] {
  return args.map((arg) => {
    const [, flag, value] = /^(-[evpuwlhmc])([^=].*)$/s.exec(arg) ?? [];
    return flag === undefined || value === undefined || SHORT_SWITCHES.test(arg) ? arg : `${flag}=${value}`;
  });
}

function valueFlagsOf(args: readonly string[]): ReadonlySet<string> {
  return new Set(
    args.filter((arg) => arg.startsWith('-') && !SWITCHES.has(arg) && !SHORT_SWITCHES.test(arg)),
  );
}
