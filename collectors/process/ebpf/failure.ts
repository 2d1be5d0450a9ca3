import { CollectorError } from '../../errors.ts';

/** What is known of a sensor that could not be started or reached, or has ended. */
export interface SensorEnd {
  readonly path: string;
  /** Whether `path` is the socket of one that is a service. */
  readonly isService: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of what it wrote to stderr. */
  readonly stderr: string;
  readonly cause?: unknown;
}

/** Exit statuses of sealwatch-sensor: sensor/sensor.c, enum exit_code. */
const EXIT_USAGE = 2;
const EXIT_REFUSED = 3;
const EXIT_UNSUPPORTED = 4;

function causeCode(cause: unknown): string | undefined {
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
}

function spawnFailure({ path, isService, cause }: SensorEnd): CollectorError {
  const code = causeCode(cause);
  if (code === 'ENOENT') {
    return new CollectorError('COLLECTOR_SENSOR_MISSING', `there is no kernel sensor at ${path}`, {
      cause,
      hint: 'run the set-up on Linux as root so that it is built',
    });
  }
  if (code === 'ECONNREFUSED' || (code === 'EACCES' && isService)) {
    return new CollectorError('COLLECTOR_SENSOR_REFUSED', `nobody can be reached at ${path} (${code})`, {
      cause,
      hint: 'systemctl status sealwatch-sensor.socket; only the user of the agent and root may connect',
    });
  }
  return new CollectorError(
    'COLLECTOR_SENSOR_REFUSED',
    `the kernel sensor ${path} cannot be started (${code})`,
    {
      cause,
      hint: 'check that the file is executable and lies on a file system mounted without noexec',
    },
  );
}

/** Of a service only systemd knows how it ended. */
function howOf({ code, signal }: SensorEnd): string {
  if (signal !== null) return `with signal ${signal}`;
  return code === null ? 'its connection' : `with status ${code}`;
}

/** Says why a sensor did not start or has ended, as an error with a hint where one helps. */
export function sensorFailure(end: SensorEnd): CollectorError {
  if (end.cause !== undefined) return spawnFailure(end);
  const said = end.stderr.trim().split('\n').at(-1) ?? '';
  const message = said === '' ? `the kernel sensor ended ${howOf(end)}` : said;
  switch (end.code) {
    case EXIT_UNSUPPORTED:
      return new CollectorError('COLLECTOR_UNSUPPORTED', message, {
        hint: 'the sensor needs Linux 5.10 or later built with CONFIG_DEBUG_INFO_BTF',
      });
    case EXIT_REFUSED:
      return new CollectorError('COLLECTOR_SENSOR_REFUSED', message, {
        hint: 'run as root or with CAP_BPF and CAP_PERFMON; a container or kernel lockdown may refuse BPF',
      });
    case EXIT_USAGE:
      return new CollectorError('COLLECTOR_SENSOR_PROTOCOL', message, {
        hint: 'the sensor and the agent are of different builds: run the set-up again',
      });
    default:
      return new CollectorError('COLLECTOR_SENSOR_REFUSED', message);
  }
}
