import { build, type PlistValue } from 'plist';
import type { GeneratedFile } from '../generated-file.ts';
import {
  AGENT_LABEL,
  AGENT_PROGRAM,
  CENTRAL_LABEL,
  CENTRAL_USER,
  LOGS,
  MAIN,
  ROOT,
  RUNTIME,
} from './places.ts';

/** Seconds between two starts, so that a config which is not there yet costs little. */
const THROTTLE_S = 10;
/** Seconds to stop in before SIGKILL: the agent gives central five to take what waits. */
const EXIT_TIMEOUT_S = 20;
/** As bin/sealwatch sets it: MiB of the young generation. */
const YOUNG_GENERATION = '--max-semi-space-size=4';
const MAX_OPEN_FILES = 65_536;
const OWNER_ONLY = 0o077;
/** Log files that are kept, and KiB above which one is put aside. */
const KEPT_LOGS = 10;
const LOG_KIB = 25_600;

interface Job {
  readonly label: string;
  readonly program: readonly string[];
  readonly log: string;
  readonly more: Readonly<Record<string, PlistValue>>;
}

/**
 * launchd.plist(5). The program is named itself, not `bin/sealwatch`: macOS judges what a job is by its first argument,
 * and a shell script has no signature.
 */
const JOBS: readonly Job[] = [
  {
    label: AGENT_LABEL,
    program: [AGENT_PROGRAM, YOUNG_GENERATION, MAIN, 'agent', 'run', '--config', '/etc/sealwatch/agent.yml'],
    log: 'agent.log',
    // As root, since eslogger asks for it; and not slowed down, since eslogger drops what is not read in time.
    more: { ProcessType: 'Interactive' },
  },
  {
    label: CENTRAL_LABEL,
    program: [RUNTIME, YOUNG_GENERATION, MAIN, 'central', 'run', '--config', '/etc/sealwatch/central.yml'],
    log: 'central.log',
    more: { ProcessType: 'Standard', UserName: CENTRAL_USER, GroupName: CENTRAL_USER },
  },
];

/** The property list of each job, as it is installed in /Library/LaunchDaemons. */
export function launchdJobs(): readonly GeneratedFile[] {
  return JOBS.map(({ label, program, log, more }) => {
    const job = {
      Label: label,
      ProgramArguments: [...program],
      ...more,
      WorkingDirectory: ROOT,
      RunAtLoad: true,
      KeepAlive: true,
      ThrottleInterval: THROTTLE_S,
      ExitTimeOut: EXIT_TIMEOUT_S,
      Umask: OWNER_ONLY,
      SoftResourceLimits: { NumberOfFiles: MAX_OPEN_FILES },
      StandardOutPath: '/dev/null',
      StandardErrorPath: `${LOGS}/${log}`,
      AssociatedBundleIdentifiers: [label],
    };
    return { path: `${label}.plist`, text: `${build(job)}\n` };
  });
}

/** newsyslog.conf(5) of macOS, installed in /etc/newsyslog.d: no signal (N), no line of its own in the file (B). */
export function logRotation(): GeneratedFile {
  const owners = [
    ['agent.log', 'root:wheel'],
    ['central.log', `${CENTRAL_USER}:${CENTRAL_USER}`],
  ] as const;
  const lines = owners.map(([log, owner]) =>
    [`${LOGS}/${log}`, owner, '640', String(KEPT_LOGS), String(LOG_KIB), '*', 'BN'].join('\t'),
  );
  return {
    path: 'newsyslog.d/sealwatch.conf',
    text: `# logfilename\towner:group\tmode\tcount\tsize\twhen\tflags\n${lines.join('\n')}\n`,
  };
}
