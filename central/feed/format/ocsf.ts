import type { Alert, Severity } from '../../../wire/index.ts';
import { attacksOf } from './attack.ts';
import { actorOf, evidencesOf, type JsonObject, present } from './evidence.ts';
import { isDenial, messageOf, timeOf } from './facts.ts';

/** Version of OCSF that the findings follow. */
export const OCSF_VERSION = '1.8.0';

/** What a finding says beyond its alert. */
export interface FindingContext {
  /** Version of central. */
  readonly version: string;
  /** When central received the alert, milliseconds since the epoch. */
  readonly receivedMs: number;
  readonly agent: { readonly id: string; readonly os: string; readonly version: string };
}

const SEVERITIES: Readonly<Record<Severity, readonly [id: number, name: string]>> = {
  informational: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};
/** OCSF `os.type_id` by what an agent calls its system. */
const SYSTEMS: readonly (readonly [RegExp, number])[] = [
  [/linux|debian|ubuntu|fedora|alpine/i, 200],
  [/mac ?os|darwin/i, 300],
  [/windows/i, 100],
];

/** Profile `security_control`: what was done about it. */
function controlOf(alert: Alert): JsonObject {
  return isDenial(alert)
    ? { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' }
    : { action_id: 3, action: 'Observed', disposition_id: 19, disposition: 'Alert' };
}

function metadataOf(alert: Alert, context: FindingContext, profiles: readonly string[]): JsonObject {
  return {
    version: OCSF_VERSION,
    uid: alert.id,
    profiles,
    product: { name: 'Sealwatch', vendor_name: 'Sealwatch', version: context.version },
    log_name: 'alerts',
    sequence: alert.seq,
    original_event_uid: alert.id,
    original_time: alert.time,
    logged_time: context.receivedMs,
    ...present({ event_code: alert.rule.name }),
  };
}

function deviceOf(alert: Alert, { agent }: FindingContext): JsonObject {
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent.os));
  return {
    type_id: 0,
    type: 'Unknown',
    hostname: alert.host,
    agent_list: [
      {
        type_id: 1,
        type: 'Endpoint Detection and Response',
        name: 'Sealwatch',
        uid: agent.id,
        version: agent.version,
      },
    ],
    ...present({ os: agent.os === '' ? undefined : { name: agent.os, type_id: system?.[1] ?? 0 } }),
  };
}

function findingInfoOf(alert: Alert, time: number): JsonObject {
  const { rule } = alert;
  return {
    uid: alert.id,
    title: rule.title,
    created_time: time,
    types: ['Sigma'],
    analytic: { type_id: 1, type: 'Rule', name: rule.name, ...present({ uid: rule.id }) },
    ...present({
      attacks: attacksOf(rule.tags).map((attack) => ({ ...attack })),
      tags: rule.tags.length === 0 ? undefined : [{ name: 'rule', values: rule.tags }],
    }),
  };
}

function resourcesOf({ server }: Alert): readonly JsonObject[] {
  if (server === null) return [];
  const { id, name, client, state } = server;
  return [{ uid: id, name, type: 'MCP server', data: { client, state } }];
}

/** What OCSF has no attribute for; the rule's author and licence as the Detection Rule License asks. */
function unmappedOf({ rule, server, actor }: Alert): JsonObject {
  return {
    sigma: { rule_author: rule.author, license: rule.license },
    mcp: { server: server === null ? null : { ...server }, actor_in_subtree: actor?.in_subtree ?? null },
  };
}

/**
 * An alert as an OCSF 1.8.0 Detection Finding (class 2004). Pure; `time` is the alert's own, or the time
 * of receipt where the alert's cannot be read.
 */
export function toDetectionFinding(alert: Alert, context: FindingContext): JsonObject {
  const time = timeOf(alert, context);
  const [severityId, severity] = SEVERITIES[alert.rule.level];
  const actor = actorOf(alert);
  const profiles = actor === null ? ['security_control'] : ['host', 'security_control'];
  return {
    activity_id: 1,
    activity_name: 'Create',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2004,
    class_name: 'Detection Finding',
    type_uid: 200401,
    type_name: 'Detection Finding: Create',
    time,
    severity_id: severityId,
    severity,
    status_id: 1,
    status: 'New',
    message: messageOf(alert),
    count: alert.count,
    is_alert: true,
    ...controlOf(alert),
    metadata: metadataOf(alert, context, profiles),
    device: deviceOf(alert, context),
    ...present({ actor: actor ?? undefined, resources: resourcesOf(alert) }),
    finding_info: findingInfoOf(alert, time),
    evidences: evidencesOf(alert),
    unmapped: unmappedOf(alert),
  };
}
