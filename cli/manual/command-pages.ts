import type { HostFile } from './host-files.ts';

/** A page about some of the commands below the program. */
export interface PagePlan {
  readonly name: string;
  readonly section: 1 | 8;
  /** First words of the commands that it describes, with all that is below them. */
  readonly commands: readonly string[];
  readonly summary: string;
  /** Paragraphs that come before the commands, marked up as the documentation is. */
  readonly about: readonly string[];
  /** What an exit status of 1 says here; a page without it has commands that never end so. */
  readonly findings: string;
  readonly files: readonly HostFile[];
}

/** Every command of the program is on exactly one page; `sealwatch(1)` itself has those that are left to it. */
export const COMMAND_PAGES = [
  {
    name: 'sealwatch-scan',
    section: 1,
    commands: ['scan', 'inventory'],
    summary: 'list every MCP server that this host can start, and what is wrong',
    about: [
      'Reads the configs of all MCP clients that are known, follows each server’s command to the files that really run, and tells for each server whether it is approved and what speaks against it. It starts no server, and needs no daemon, no root and no network. As root it looks at all users, otherwise at the caller alone.',
      'Without `--home` and `--root` it looks where the agent of the same state directory looks, and where none has run there, at the homes of all users that the caller may see.',
    ],
    findings: 'There are findings at the level of `--fail-on` or above, or something could not be read.',
    files: ['state', 'userState', 'trust'],
  },
  {
    name: 'sealwatch-approve',
    section: 1,
    commands: ['approve', 'revoke', 'cosign', 'show', 'diff', 'verify'],
    summary: 'approve MCP servers, take approvals back, and see what changed since',
    about: [
      'An approval is a signed statement that one server may run as it is: its entry in the config, its command, and every file that decides what it does. It is checked against the files each time, so that a server that was rewritten afterwards is `drifted` and no longer approved.',
      'A server is named by its id, or as `client/name` where that is unique, e.g. `cursor/files`; `sealwatch scan` lists both.',
    ],
    findings:
      'A server is not approved, or was not taken: it changed meanwhile, or has findings that were not accepted.',
    files: ['approvals', 'projectApprovals', 'bundle', 'keys', 'trust', 'state', 'userState'],
  },
  {
    name: 'sealwatch-guard',
    section: 1,
    commands: ['guard', 'answer', 'wrap', 'unwrap'],
    summary: 'start MCP servers only while they are approved, and decide about their calls',
    about: [
      'The guard stands between a client and a server. What was approved starts, what was not does not; while it runs, each call is decided by the policy of its approval at the moment at which it is made, and a change of anything that decides voids the approval at once.',
      'People seldom type `sealwatch guard`: `sealwatch wrap` writes it into the configs of the clients, which then start it in place of the server. `sealwatch unwrap` takes it away again.',
      'A guard ends as its server ended, with the server’s status or by its signal.',
    ],
    findings: 'The server was not started, or a question is not open any more.',
    files: ['approvals', 'trust', 'state', 'userState'],
  },
  {
    name: 'sealwatch-key',
    section: 1,
    commands: ['key', 'bundle'],
    summary: 'keys that sign approvals, and what is signed for other hosts',
    about: [
      'Approvals are signed with Ed25519 keys: files of the state directory, or keys that the OpenSSH agent holds, named `ssh:COMMENT` or `ssh:SHA256:…`. The first approval makes a key named `approver` where there is none. A signature counts only by a key that stands among the trust roots.',
      'A bundle carries approvals, a policy or settings to other hosts, signed as a whole. Its serial must rise: a host never goes back to an older one.',
    ],
    findings: 'Something was refused.',
    files: ['keys', 'trust', 'bundle', 'state', 'userState'],
  },
  {
    name: 'sealwatch-policy',
    section: 1,
    commands: ['policy'],
    summary: 'check and try what an approved MCP server may do while it runs',
    about: [
      'A policy says which tools a server may offer and with which arguments they may be called, which programs it may start and where it may connect. It becomes part of an approval by `sealwatch approve --policy`, and holds for all servers of a fleet by `sealwatch bundle policy`. The conditions that lists cannot say are written in Cedar.',
    ],
    findings: 'The policy would not be taken, or it denies a request.',
    files: ['approvals', 'bundle'],
  },
  {
    name: 'sealwatch-rules',
    section: 1,
    commands: ['rules'],
    summary: 'check, try and sign Sigma rules',
    about: [
      'The agent runs Sigma rules and correlations over what it sees. These commands tell which rules load and why others do not, run them over recorded events and their own samples, explain why a rule matches an event, and sign rule packs. They need no agent.',
    ],
    findings: 'A rule is refused, a sample failed, or `match` found a match.',
    files: ['rules', 'keys', 'trust'],
  },
  {
    name: 'sealwatch-identity',
    section: 1,
    commands: ['identity'],
    summary: 'tokens that tell a backend which MCP server is calling',
    about: [
      'A guard can give a server short-lived tokens (JWT) that name the server, its approval and its host. A backend believes them by the key set of the host.',
    ],
    findings: 'The token is not to be believed.',
    files: ['state', 'userState'],
  },
  {
    name: 'sealwatch-agent',
    section: 8,
    commands: ['agent', 'up', 'status', 'doctor', 'alerts'],
    summary: 'the daemon that watches the MCP servers of this host',
    about: [
      'The agent keeps the inventory of MCP servers current, judges each by its approval, watches the files that decide what they do and the processes that come out of them, runs the rules over all of it, and sends alerts to central. While central is away, alerts wait on the disk; each arrives once.',
      'A package starts it as a service. `sealwatch up` runs agent and central in one process in the foreground, to look at on one host.',
      '`SIGHUP` has a running agent read its rules anew; `SIGTERM` ends it with nothing lost.',
    ],
    findings: 'Something of what `doctor` checks is degraded.',
    files: ['agentConfig', 'token', 'trust', 'state', 'userState'],
  },
  {
    name: 'sealwatch-service',
    section: 8,
    commands: ['service'],
    summary: 'run agent or central as a service without a package',
    about: [
      'From a checkout or an unpacked tarball that only root can write, systemd or launchd is told to run agent or central. A package brings its own units and needs none of this.',
      'Removing a service takes away what installing it wrote, but for what was changed since, and tells central why the agent stops.',
    ],
    findings: 'A unit is not well.',
    files: ['agentConfig', 'centralConfig', 'token', 'state', 'centralState'],
  },
  {
    name: 'sealwatch-central',
    section: 8,
    commands: ['central'],
    summary: 'the collector that alerts of all hosts go to',
    about: [
      'Central takes the alerts of all agents, stores each once, and carries them on to a SIEM. It enrols hosts, brings signed rules, approvals and settings to them, and says which have gone silent.',
      'Commands with `--config` work beside a running central, on its host. Those with `--url` go through the API and work from anywhere. Where the package of central is installed, `sealwatch-central` is short for `sealwatch central`.',
      'Several nodes share one PostgreSQL database and one NATS; their roles are in the config.',
    ],
    findings:
      'Something of what `doctor` checks is degraded, the audit log is broken, or there is no such token or agent.',
    files: ['centralConfig', 'centralState'],
  },
] as const satisfies readonly PagePlan[];

/** First words of commands that the overview, `sealwatch(1)`, describes itself. */
export const OVERVIEW_COMMANDS = ['completion', 'help'] as const;
