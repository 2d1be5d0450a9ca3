import type { Control, Finding, Severity } from '../../wire/index.ts';
import { finding, type Posture } from './posture.ts';

/** Calls of this server that are approved without asking. */
export function autoApproval({ entry }: Posture): readonly Finding[] {
  const approved = entry.autoApprove;
  if (approved === null || approved === false) return [];
  const tools = typeof approved === 'boolean' ? [] : approved;
  if (approved !== true && tools.length === 0) return [];
  const isAll = approved === true || tools.includes('*');
  const message = isAll
    ? 'every tool call is approved without asking'
    : `calls of ${tools.length} tools are approved without asking`;
  return [finding('mcp_auto_approve', message, isAll ? 'high' : 'low')];
}

/** A setting that answers for the user: which key, which values do it, and how much they give away. */
interface TrustSetting {
  readonly key: RegExp;
  readonly gives: (value: unknown) => boolean;
  readonly severity: Severity;
  readonly what: string;
}

const isOn = (value: unknown): boolean => value === true || value === 'true';
const oneOf =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && names.includes(value);
const isFilled = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === 'object' && value !== null && Object.values(value).some(isOn);

/** A field of an object, or undefined. */
function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** Keys as the clients' own documentation spells them; matched against the end of a control's dotted key. */
const TRUST_SETTINGS: readonly TrustSetting[] = [
  {
    key: /(?:^|\.)enableAllProjectMcpServers$/,
    gives: isOn,
    severity: 'high',
    what: 'every server that a project brings is started without asking',
  },
  {
    key: /(?:^|\.)enabledMcpjsonServers(?:\.\d+)?$/,
    gives: (value) => isFilled(value) || typeof value === 'string',
    severity: 'low',
    what: 'servers that a project brings are started without asking',
  },
  {
    key: /(?:^|\.)(?:defaultMode|permission_mode|permissionMode)$/,
    gives: oneOf('bypassPermissions', 'dontAsk', 'yolo'),
    severity: 'critical',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)(?:defaultMode|permission_mode|permissionMode)$/,
    gives: oneOf('acceptEdits', 'auto'),
    severity: 'medium',
    what: 'files are changed without asking',
  },
  {
    key: /(?:^|\.)skipDangerousModePermissionPrompt$|(?:^|\.)bypassPermissionsModeAccepted$/,
    gives: isOn,
    severity: 'high',
    what: 'the warning before a mode that never asks is switched off',
  },
  {
    key: /(?:^|\.)chat\.tools\.(?:global\.)?autoApprove$/,
    gives: isOn,
    severity: 'critical',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)chat\.(?:tools|agent)\.(?:\w+\.)*autoApprove$/,
    gives: (value) => isOn(value) || isFilled(value),
    severity: 'medium',
    what: 'some calls are approved without asking',
  },
  {
    key: /(?:^|\.)chat\.mcp\.(?:autostart|autoStart)$/,
    gives: oneOf('newAndOutdated', 'always'),
    severity: 'low',
    what: 'new servers are started by themselves',
  },
  {
    key: /(?:^|[._])(?:yolo(?:Mode|_mode)?|autoRun(?:Mode|Enabled)?|auto_run|alwaysApprove\w*|dangerously\w*|autoApproveAll|approve_all|trustAll\w*|trust_all\w*)$/i,
    gives: (value) => isOn(value) || oneOf('always', 'auto', 'all', 'yolo', 'run-everything')(value),
    severity: 'high',
    what: 'tool calls are approved without asking',
  },
  {
    key: /(?:^|\.)(?:approval_policy|approvalPolicy|approvalMode|defaultApprovalMode|approval_mode)$/,
    gives: oneOf('never', 'yolo', 'auto', 'autoAll', 'full-auto'),
    severity: 'high',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)bypass_tool_permissions$/,
    gives: isOn,
    severity: 'critical',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)autonomy(?:Level|Mode)$/,
    gives: oneOf('high', 'auto-high'),
    severity: 'high',
    what: 'tool calls are approved without asking',
  },
  {
    key: /(?:^|\.)autoAccept$/,
    gives: isOn,
    severity: 'low',
    what: 'calls that the client takes for safe are approved without asking',
  },
  {
    key: /(?:^|\.)(?:tool_permissions|permission)$/,
    gives: (value) => value === 'allow' || ['*', 'default'].some((name) => fieldOf(value, name) === 'allow'),
    severity: 'high',
    what: 'what no other line names is allowed without asking',
  },
  {
    key: /(?:^|\.)security\.workspace\.trust\.enabled$/,
    gives: (value) => value === false,
    severity: 'medium',
    what: 'every folder that is opened is trusted',
  },
  {
    key: /(?:^|\.)approvals$/,
    gives: (value) => ['off', 'never', 'yolo'].some((mode) => fieldOf(value, 'mode') === mode),
    severity: 'high',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)sandbox_mode$/,
    gives: oneOf('danger-full-access'),
    severity: 'high',
    what: 'commands run outside the sandbox',
  },
  {
    key: /(?:^|\.)GOOSE_MODE$/,
    gives: oneOf('auto'),
    severity: 'medium',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)(?:always_allow_tool_actions|agent\.always_allow_tool_actions)$/,
    gives: isOn,
    severity: 'high',
    what: 'no tool call is asked about',
  },
  {
    key: /(?:^|\.)(?:autoApprove|alwaysAllow|auto_approve|trust)$/,
    gives: (value) => isOn(value) || isFilled(value),
    severity: 'medium',
    what: 'calls are approved without asking',
  },
];

/** Lists of what is allowed without asking. */
const ALLOW_LIST =
  /(?:^|\.)(?:allow|allowed|allowed_?tools|(?:command|terminal|mcp)_?allowlist|commands\.allowlist|trusted(?:Tools|Commands))(?:\.\d+)?$/i;
/** Wildcards in a list of allowed permissions that allow every tool, or every shell command. */
const ALL_TOOLS =
  /^(?:\*|\*:\*|\.\*|run_shell_command|mcp__\*|mcp__\*__\*|Bash|Bash\(\*\)|Bash\(:\*\)|Shell\(\*\)|Mcp\(\*:\*\)|mcp:\*)$/;

/** Defects of a setting beside the servers; only those that answer for the user are one. */
export function controlFindings(control: Control): readonly Finding[] {
  if (control.kind !== 'trust') return [];
  const value = parsedValue(control);
  if (ALLOW_LIST.test(control.key)) return allowed(control, value);
  const setting = TRUST_SETTINGS.find(({ key, gives }) => key.test(control.key) && gives(value));
  if (setting === undefined) return [];
  return [finding('mcp_auto_approve', `${control.key}: ${setting.what}`, setting.severity)];
}

function allowed({ key }: Control, value: unknown): readonly Finding[] {
  const names = (Array.isArray(value) ? value : [value]).filter((name) => typeof name === 'string');
  const all = names.filter((name) => ALL_TOOLS.test(name));
  if (all.length === 0) return [];
  return [finding('mcp_auto_approve', `${key}: ${all.join(', ')} is allowed without asking`, 'high')];
}

/** The control's value; a text that was cut is no JSON and stands for itself. */
function parsedValue({ value }: Control): unknown {
  if (value === null) return null;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
