import type { HostUser } from '../inventory/index.ts';
import type { Health, Profile } from '../wire/index.ts';
import type { AgentLog } from './log.ts';
import type { RuleConfig } from './rules/rule-watch.ts';
import type { RuleSettings } from './rules/settings.ts';

/** What an agent is started with. */
export interface AgentOptions {
  readonly stateDir: string;
  readonly profile: Profile;
  /** The group that this host belongs to; approvals may be for one. */
  readonly group: string | null;
  /** Directory of the host's trust roots, which alone counts where it exists; null for none. */
  readonly systemTrust: string | null;
  /** Whether the sensor tells who writes files, for which it keeps a capability. */
  readonly fileActor: boolean;
  /** Directory in a BPF file system where membership outlives the agent; null for none. */
  readonly pin: string | null;
  /** Whether fanotify asks before a shell is executed. */
  readonly execPermission: boolean;
  /** Whether what may not run is ended, or only reported. */
  readonly denial: 'end' | 'report';
  readonly users: readonly HostUser[];
  readonly roots: readonly string[];
  /** Absolute paths of the guard of this installation: what stands in front of servers in configs. */
  readonly guards: readonly string[];
  readonly rules: {
    /** Files or directories that come with Sealwatch. */
    readonly builtin: readonly string[];
    readonly settings: RuleSettings;
    /** The file that the settings come from, which is read again when it changes; null where there is none. */
    readonly config: RuleConfig | null;
  };
  /** Built sensor; null where there is none, with the reason. */
  readonly sensorPath: string | null;
  readonly sensorReason?: string;
  /** The agent's own files, which are watched. */
  readonly protection: {
    /** Root of the installation. */
    readonly root: string;
    /** The config file; null for none. */
    readonly config: string | null;
    /** Directories where systemd looks for the agent's units. */
    readonly unitDirectories: readonly string[];
    /** Milliseconds between two checks of the whole installation. */
    readonly checkMs: number;
  };
  /** Where scripts of the package say why they stop the agent; null where nobody does. */
  readonly stoppingFile: string | null;
  readonly central: {
    /** wss:// URL of the agents' listener. */
    readonly url: string;
    /** The enrolment token as it stands now; null where there is none yet. Asked only while this agent needs one. */
    readonly token: () => Promise<string | null>;
  };
  readonly version: string;
  readonly log: AgentLog;
  readonly onHealth?: (health: Health) => void;
}
