import { ENROLMENT_CODES, type EnrolmentCode } from '../../agent/index.ts';
import { HEALTH_CODES, type HealthCode, LOSS_STAGES, type LossStage } from '../../wire/index.ts';

/** States of the agent that are no state of a collector or of its enrolment. */
const AGENT_CODES = [
  'agent-not-running',
  'agent-other-version',
  'agent-other-program',
  'collector-unknown',
  'central-disconnected',
  'spool-waiting',
  'rules-refused',
  'rules-none',
  'rule-pack-refused',
  'bundle-refused',
  'approvals-invalid',
  'approvals-expired',
  'configs-unreadable',
] as const;

/** What of the host and of the installation can stand in the way. */
const HOST_CODES = [
  'sensor-not-built',
  'kernel-old',
  'btf-missing',
  'fanotify-missing',
  'inotify-watches-few',
  'inotify-instances-few',
  'memory-limit-low',
  'clock-unsynchronised',
  'state-missing',
  'state-unwritable',
  'state-exposed',
  'space-low',
  'inodes-low',
  'config-unreadable',
  'config-exposed',
  'config-invalid',
  'token-exposed',
  'keys-exposed',
  'trust-refused',
  'central-unresolved',
  'central-unreachable',
  'central-no-tls',
  'central-other-name',
  'central-certificate-expired',
  'certificate-ending',
  'unit-failed',
  'unit-masked',
  'unit-inactive',
  'unit-changed',
] as const;

export type LossCode = `lost-${LossStage}`;
/** Everything that can be wrong, in a closed set. */
export type CauseCode =
  | HealthCode
  | EnrolmentCode
  | LossCode
  | (typeof AGENT_CODES)[number]
  | (typeof HOST_CODES)[number];

interface Cause {
  /** What it means, in one sentence. */
  readonly cause: string;
  /** What to do about it. */
  readonly fix: string;
}

const COLLECTOR_CAUSES: Readonly<Record<HealthCode, Cause>> = {
  'sensor-off': {
    cause:
      'the config gives up the kernel sensor: processes are sampled, and those that live shorter are missed',
    fix: 'set `sensor: auto` in the config, and restart the agent',
  },
  'sensor-missing': {
    cause: 'there is no kernel sensor in this installation: processes are sampled, and short ones are missed',
    fix: 'install the package for this architecture, or run `npm run build` as root in the checkout',
  },
  'sensor-refused': {
    cause: 'the kernel does not let the sensor load its programs, or it died',
    fix: 'run it as root or with CAP_BPF and CAP_PERFMON; in a container allow the bpf system call; with kernel lockdown in `confidentiality` mode BPF cannot be used',
  },
  'sensor-other-build': {
    cause: 'sensor and agent are of different builds and do not understand each other',
    fix: 'install or build again, so that both are of one version, and restart both',
  },
  'sensor-silent': {
    cause:
      'the sensor lives and does not answer: it may be stopped, by a debugger or by somebody who wants to be unseen',
    fix: 'look who stopped it (`ps -o pid,stat,wchan -C sealwatch-sensor`), and restart the service',
  },
  'member-not-ended': {
    cause: 'a process of a server that may not run could not be ended by the kernel sensor',
    fix: 'end it yourself; the detail has its number and what stood in the way',
  },
  'source-unsupported': {
    cause:
      'this system has no live source of process events: processes are sampled, and short ones are missed',
    fix: 'on Linux use a kernel from 5.10 on, built with CONFIG_DEBUG_INFO_BTF; on macOS use 13 or later',
  },
  'eslogger-not-privileged': {
    cause: 'Endpoint Security of macOS answers root only',
    fix: 'run the agent as root: `sudo sealwatch service install`, or the package',
  },
  'eslogger-not-permitted': {
    cause: 'macOS refuses Endpoint Security: Full Disk Access is most likely not granted',
    fix: 'grant Full Disk Access by the profile that comes with the package, or in System Settings > Privacy & Security, and restart the agent',
  },
  'eslogger-ended': {
    cause: 'eslogger ended, was killed, or cannot be started; it is started again with growing pauses',
    fix: 'look for what ends it: `log show --last 10m --predicate \'process == "eslogger"\'`',
  },
  'eslogger-doubtful': {
    cause:
      'eslogger says things that this version does not know: the events of a newer macOS may be read wrongly',
    fix: 'install a newer version of Sealwatch',
  },
  'processes-unlistable': {
    cause: 'not even the list of processes can be read: nothing is seen of them',
    fix: 'check that `ps` is installed, and that /proc is mounted without hidepid for the agent',
  },
  'writers-unknown': {
    cause:
      'the kernel does not let the sensor use fanotify: changes of files are seen, but not who made them',
    fix: 'give the sensor CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH, as its unit does, on a kernel from 5.17 on; or give it up by `file_actor: off`',
  },
  'watch-refused': {
    cause: 'some directories cannot be watched: they are compared every minute in place of at once',
    fix: 'raise `fs.inotify.max_user_watches` and `fs.inotify.max_user_instances` by sysctl, and restart the agent',
  },
  'watch-limit': {
    cause: 'there are more directories to watch than the agent watches: the others are compared every minute',
    fix: 'name fewer `roots` and `homes` in the config',
  },
  'memory-short': {
    cause:
      'the agent is near the memory limit of its unit, and gave up some of its work rather than being killed',
    fix: 'raise MemoryHigh and MemoryMax by `systemctl edit sealwatch-agent`, or give it less to do: fewer `roots`, `rule_scope: subtrees`',
  },
  'heap-short': {
    cause:
      'the JavaScript heap of the agent is nearly full, and it gave up some of its work rather than ending',
    fix: 'add NODE_OPTIONS=--max-old-space-size to its unit, or give it less to do: fewer `roots`, `rule_scope: subtrees`',
  },
  'cpu-short': {
    cause: 'the CPU quota of its unit holds the agent back, and it gave up some of its work',
    fix: 'raise CPUQuota by `systemctl edit sealwatch-agent`, or look what makes so much work: `sealwatch alerts list`',
  },
  'package-unsigned': {
    cause: 'this installation has no signed manifest: whether its files are the released ones cannot be told',
    fix: 'install a package; of a checkout this is normal',
  },
  'package-changed': {
    cause: 'files of the installation are not the ones that were released',
    fix: 'find out who changed them (alert `agent_tampered`), then install the package again',
  },
};

const ENROLMENT_CAUSES: Readonly<Record<EnrolmentCode, Cause>> = {
  'enrolment-starting': { cause: 'the agent has just started', fix: 'ask again in a few seconds' },
  'token-missing': {
    cause: 'this host is not enrolled, and there is no token yet: alerts wait in the spool',
    fix: 'make one with `sealwatch central token create` on central, and put it into the `token_file` of the config (root, mode 0600)',
  },
  'token-malformed': {
    cause: 'what lies in `token_file` is no enrolment token',
    fix: 'copy the whole line that `sealwatch central token create` printed: SECRET.PIN',
  },
  'token-invalid': {
    cause:
      'central does not know the token: it was made by another central, or its database was restored to before',
    fix: 'make a new token on this central, and put it in its place',
  },
  'token-expired': { cause: 'the token has expired', fix: 'make a new token, and put it in its place' },
  'token-revoked': {
    cause: 'an operator revoked the token',
    fix: 'ask why; then make a new token, and put it in its place',
  },
  'token-used-up': {
    cause: 'the token has enrolled as many hosts as it may',
    fix: 'make a new token with a higher --count, and put it in its place',
  },
  revoked: {
    cause: 'an operator shut this agent out: central takes nothing from it',
    fix: 'ask why; a new token lets it in again',
  },
  cloned: {
    cause:
      'this machine was copied, keys and all: two machines spoke under one identity, and this one took a new one',
    fix: 'give it a token of its own; images must not contain /var/lib/sealwatch',
  },
  'certificate-expired': {
    cause:
      'the certificate of this agent has expired, after the host was off for long or its clock was wrong',
    fix: 'check the clock (`timedatectl`); if it is right, a new token enrols the host again',
  },
  'certificate-refused': {
    cause: 'central does not take the certificate of this agent',
    fix: 'a new token enrols the host again; look in the log of central for the reason',
  },
  'central-not-pinned': {
    cause:
      'central shows another authority than the one that the token names: something on the way replaces certificates, or it is another central',
    fix: 'check `central.url`; take a proxy that inspects TLS out of the way; if central was set up anew, use a token of the new one',
  },
  'enrolment-failing': {
    cause:
      'asking central for a certificate fails, or the key of this host cannot be had (its TPM does not answer)',
    fix: 'the detail says what failed; see the check `central` below; it is tried again by itself',
  },
  'enrolment-refused': {
    cause: 'central refuses this host for another reason',
    fix: 'the detail has the word of central: docs/errors.md, and the log of central',
  },
};

const WAIT = 'look at `sealwatch status` after a while: a count that no longer grows is over';
const LOSS_CAUSES: Readonly<Record<LossCode, Cause>> = {
  'lost-kernel-ring': {
    cause: 'the kernel had more events than the sensor could read in time; what runs was listed anew since',
    fix: `find what starts so many processes; ${WAIT}`,
  },
  'lost-file-actor': {
    cause: 'the queue of fanotify ran over: who wrote some files is not known',
    fix: `find what writes so much in watched directories; ${WAIT}`,
  },
  'lost-sensor-pipe': {
    cause: 'the sensor died or its pipe broke: what happened until it was back is unknown',
    fix: 'see the log of the agent for how it ended, and the health of `process/ebpf`',
  },
  'lost-sampler': {
    cause: 'the list of processes took longer than the time between two samples',
    fix: 'use the kernel sensor; sampling is the floor',
  },
  'lost-watcher': {
    cause: 'the kernel gave up on changes of watched directories; all were compared anew since',
    fix: 'raise `fs.inotify.max_queued_events` by sysctl, and restart the agent',
  },
  'lost-queue': {
    cause: 'alerts could not be stored for long, and those that waited in memory were too many',
    fix: 'make room in the state directory, see the check `space`',
  },
  'lost-spool': {
    cause:
      'the spool is full, since central has acknowledged nothing for long: alerts of the lowest level went first',
    fix: 'bring the connection to central back, see the check `central`',
  },
  'lost-uplink': {
    cause: 'central could not take what was sent',
    fix: 'see the log of the agent, and `sealwatch central doctor` on central',
  },
  'lost-correlation': {
    cause: 'correlations of rules had to forget some of what they had seen',
    fix: 'narrow the rules that group by too many values: `sealwatch status --json` has the counts',
  },
  'lost-guard': {
    cause: 'journals of guards could not be read whole: some calls of tools are unknown',
    fix: 'make room where the journals lie, and keep programs from removing them',
  },
  'lost-resources': {
    cause: 'memory or processor time was short, and floods of deeds were not looked at one by one',
    fix: 'see `memory-short` and `cpu-short`: give the unit more, or the agent less to do',
  },
};

const AGENT_CAUSES: Readonly<Record<(typeof AGENT_CODES)[number], Cause>> = {
  'agent-not-running': {
    cause: 'no agent answers: nothing of this host is watched',
    fix: 'systemctl start sealwatch-agent, or `sealwatch up` where no service is installed; `sealwatch service status` shows why it ended',
  },
  'agent-other-version': {
    cause: 'the agent that runs is of another version than what is installed',
    fix: 'systemctl restart sealwatch-agent',
  },
  'agent-other-program': {
    cause:
      'another agent than that of the service answers: two cannot use one state directory, and the service cannot start',
    fix: 'stop the one that the detail names, then `systemctl restart sealwatch-agent`',
  },
  'collector-unknown': {
    cause: 'the agent that runs speaks of something that this version does not know',
    fix: 'ask with the `sealwatch` of the version that runs',
  },
  'central-disconnected': {
    cause: 'the agent is enrolled and not connected: alerts wait in the spool and are sent later',
    fix: 'see the check `central`',
  },
  'spool-waiting': {
    cause: 'many alerts wait for central',
    fix: 'bring the connection to central back; if there is one, look for the rule that raises so many',
  },
  'rules-refused': {
    cause: 'some rules do not load; the others are in force',
    fix: 'sealwatch rules check PATH names file, line and reason',
  },
  'rules-none': {
    cause: 'no rule is in force: nothing raises an alert',
    fix: 'install again; `sealwatch rules check` shows what does not load',
  },
  'rule-pack-refused': {
    cause: 'a signed rule pack was offered and is not in force; the one before still is',
    fix: 'sealwatch rules verify FILE says why',
  },
  'bundle-refused': {
    cause: 'this host refused what central rolled out; what was before stays in force',
    fix: 'docs/errors.md explains the code; mind `trust_dir`, `group` and the clock of this host',
  },
  'approvals-invalid': {
    cause: 'approvals of some servers do not verify: a signature, key or trust root is not as it should be',
    fix: 'sealwatch verify names the servers and why',
  },
  'approvals-expired': {
    cause: 'approvals of some servers are over',
    fix: 'sealwatch verify names them; approve them anew',
  },
  'configs-unreadable': {
    cause: 'configs of MCP clients cannot be read: servers in them are not seen',
    fix: 'sealwatch scan names each file, line and reason',
  },
};

const HOST_CAUSES: Readonly<Record<(typeof HOST_CODES)[number], Cause>> = {
  'sensor-not-built': {
    cause: 'this installation has no kernel sensor: processes will be sampled, and short ones missed',
    fix: 'install the package for this architecture, or run `npm run build` as root in the checkout',
  },
  'kernel-old': {
    cause: 'the kernel is older than 5.10: the sensor cannot load',
    fix: 'use a newer kernel; until then processes are sampled',
  },
  'btf-missing': {
    cause: 'the kernel does not describe its types (no /sys/kernel/btf/vmlinux): the sensor cannot load',
    fix: 'use a kernel that was built with CONFIG_DEBUG_INFO_BTF, as those of the distributions are',
  },
  'fanotify-missing': {
    cause: 'the kernel was built without fanotify: who writes files is not known',
    fix: 'use a kernel with CONFIG_FANOTIFY, or set `file_actor: off`',
  },
  'inotify-watches-few': {
    cause: 'few directories may be watched on this host',
    fix: 'sysctl fs.inotify.max_user_watches=65536, and the same in /etc/sysctl.d',
  },
  'inotify-instances-few': {
    cause: 'few programs of one user may watch files on this host',
    fix: 'sysctl fs.inotify.max_user_instances=512, and the same in /etc/sysctl.d',
  },
  'memory-limit-low': {
    cause: 'the unit of the agent may use so little memory that it gives up work from the start',
    fix: 'raise MemoryHigh and MemoryMax by `systemctl edit sealwatch-agent`',
  },
  'clock-unsynchronised': {
    cause: 'the clock of this host is not synchronised: certificates and approvals are judged by it',
    fix: 'timedatectl set-ntp true',
  },
  'state-missing': {
    cause: 'the state directory does not exist: no agent has run here',
    fix: 'it is made at the first start; name another with --state-dir',
  },
  'state-unwritable': {
    cause: 'you may not write in the state directory',
    fix: 'ask as root, or name another with --state-dir',
  },
  'state-exposed': {
    cause: 'others can write in the state directory: they could forge approvals and hide alerts',
    fix: 'chmod go-w on it, and chown to the user of the agent',
  },
  'space-low': {
    cause: 'the disk of the state directory is nearly full: soon no alert can be stored',
    fix: 'make room on it',
  },
  'inodes-low': {
    cause: 'the file system of the state directory can hold hardly any more files',
    fix: 'remove small files on it, or give the state directory a file system of its own',
  },
  'config-unreadable': { cause: 'the config cannot be read', fix: 'the detail says why' },
  'config-exposed': {
    cause: 'others can write the config, which decides what is watched: the agent refuses it',
    fix: 'chown root:root and chmod go-w on the file and its directory',
  },
  'config-invalid': {
    cause: 'the config has faults: the agent does not start with it',
    fix: 'the detail names each; docs/agent-config.md says what can stand there',
  },
  'token-exposed': {
    cause: 'others can read the enrolment token, and could enrol hosts of their own with it',
    fix: 'chmod 600 on it, chown root:root, and revoke it if it has uses left',
  },
  'keys-exposed': {
    cause: 'others can read private keys: they could sign approvals, or speak to central as this host',
    fix: 'chmod 600 on them; then make new keys, since these may be known',
  },
  'trust-refused': {
    cause: 'the trust roots cannot be believed: no approval counts',
    fix: 'the detail says why; they and all directories above must belong to root and be writable by root only',
  },
  'central-unresolved': {
    cause: 'the name of central cannot be resolved',
    fix: 'check `central.url` and the resolver of this host: `resolvectl query NAME`',
  },
  'central-unreachable': {
    cause: 'central does not answer at its address',
    fix: 'check that it runs, its port, and the firewalls between',
  },
  'central-no-tls': {
    cause: 'what answers at the address of central does not speak TLS 1.3',
    fix: 'the port must be that of the listener for agents (7443), with no proxy that ends TLS before it',
  },
  'central-other-name': {
    cause: 'the certificate of central is not for the name in `central.url`',
    fix: 'add that name to `names` in the config of central, and restart it',
  },
  'central-certificate-expired': {
    cause: 'the certificate of central is over, or not good yet, by the clock of this host',
    fix: 'check the clock of this host; restart central, which makes a new one',
  },
  'certificate-ending': {
    cause: 'the certificate of this agent ends soon, and was not renewed at half of its life',
    fix: 'bring the connection to central back before it ends: afterwards a new token may be needed',
  },
  'unit-failed': {
    cause: 'the service has failed',
    fix: 'journalctl -u UNIT -n 50 shows why; then systemctl restart UNIT',
  },
  'unit-masked': {
    cause: 'the service is masked: nothing can start it',
    fix: 'find out who did that; then systemctl unmask UNIT',
  },
  'unit-inactive': {
    cause: 'the service is installed and does not run: nothing of this host is watched by it',
    fix: 'systemctl enable --now UNIT',
  },
  'unit-changed': {
    cause: 'the unit is not as `service install` wrote it: it may run something else, or with less hardening',
    fix: 'compare it; own settings belong into a drop-in; move it away and run `sealwatch service install` again',
  },
};

/** What each code means and what to do: one entry a code, or this does not compile. */
export const CAUSES: Readonly<Record<CauseCode, Cause>> = {
  ...COLLECTOR_CAUSES,
  ...ENROLMENT_CAUSES,
  ...LOSS_CAUSES,
  ...AGENT_CAUSES,
  ...HOST_CAUSES,
};

/** Every code, in the order in which they are documented. */
export const CAUSE_CODES: readonly CauseCode[] = [
  ...HEALTH_CODES,
  ...ENROLMENT_CODES,
  ...LOSS_STAGES.map((stage): LossCode => `lost-${stage}`),
  ...AGENT_CODES,
  ...HOST_CODES,
];

/** The code that a program of another version gave; null where this one does not know it. */
export function knownCause(code: string | null): CauseCode | null {
  return CAUSE_CODES.find((known) => known === code) ?? null;
}
