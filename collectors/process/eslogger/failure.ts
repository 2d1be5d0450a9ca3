import { CollectorError } from '../../errors.ts';

/** What is known of an eslogger that could not start or has ended. */
export interface EsloggerEnd {
  readonly path: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it wrote to stderr. */
  readonly stderr: string;
  /** It has told an event: so macOS had permitted it. */
  readonly spoke: boolean;
  /** Effective user id that it ran with. */
  readonly euid: number | undefined;
  readonly cause?: unknown;
}

const MAX_SAID_CHARACTERS = 300;

const FULL_DISK_ACCESS_HINT =
  'most likely Full Disk Access is missing: grant it in System Settings > Privacy & Security > Full Disk Access ' +
  'to the program that macOS holds responsible for the agent (as a launchd daemon that is the executable which ' +
  'launchd starts, in a terminal it is the terminal application), or by a PPPC profile with SystemPolicyAllFiles, ' +
  'and start the agent again';

function spawnFailure({ path, cause }: EsloggerEnd): CollectorError {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code === 'ENOENT')
    return new CollectorError('COLLECTOR_UNSUPPORTED', `there is no eslogger at ${path}`, {
      cause,
      hint: 'eslogger is part of macOS 13 and later',
    });
  return new CollectorError('COLLECTOR_ESLOGGER_ENDED', `${path} cannot be started (${code})`, { cause });
}

/**
 * Says why an eslogger did not start or has ended. Its exit status is the same for every refusal of Endpoint Security,
 * so who ran it and whether it ever spoke decide.
 */
export function esloggerFailure(end: EsloggerEnd): CollectorError {
  if (end.cause !== undefined) return spawnFailure(end);
  const said = (end.stderr.trim().split('\n').at(-1) ?? '').slice(0, MAX_SAID_CHARACTERS);
  const how = end.signal === null ? `status ${end.code}` : `signal ${end.signal}`;
  const message = `eslogger ended with ${how}${said === '' ? '' : `: ${said}`}`;
  const refused = !end.spoke && end.signal === null && end.code !== 0;
  if (!refused) return new CollectorError('COLLECTOR_ESLOGGER_ENDED', message);
  if (end.euid !== 0)
    return new CollectorError('COLLECTOR_ESLOGGER_NOT_PRIVILEGED', message, {
      hint: 'Endpoint Security is for root only: run the agent as root',
    });
  return new CollectorError('COLLECTOR_ESLOGGER_NOT_PERMITTED', message, { hint: FULL_DISK_ACCESS_HINT });
}
