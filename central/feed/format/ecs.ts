import { dirname } from 'node:path/posix';
import type { Alert, Severity } from '../../../wire/index.ts';
import type { FeedRecord } from '../record.ts';
import { attacksOf } from './attack.ts';
import { boundAlert } from './bounds.ts';
import type { Json, JsonObject } from './evidence.ts';
import {
  baseName,
  destinationOf,
  isDenial,
  isFileDigest,
  messageOf,
  type ProcessFacts,
  parentOf,
  pathOf,
  processOf,
  textField,
  timeOf,
} from './facts.ts';

/** Version of the Elastic Common Schema that the documents follow. */
const ECS_VERSION = '8.17.0';
/** UTF-16 units of a keyword: Lucene refuses terms over 32,766 bytes. */
const MAX_KEYWORD_UNITS = 8_191;
/** `event.severity` as Elastic's detection rules give scores to levels. */
const SCORES: Readonly<Record<Severity, number>> = {
  informational: 1,
  low: 21,
  medium: 47,
  high: 73,
  critical: 99,
};

/** The entries that have a value, objects without any left out. */
function some(fields: { readonly [key: string]: Json | undefined }): JsonObject | undefined {
  const kept = Object.entries(fields).filter((entry): entry is [string, Json] => {
    const value = entry[1];
    return (
      value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
    );
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function keyword(text: string | undefined): string | undefined {
  return text?.slice(0, MAX_KEYWORD_UNITS).toWellFormed();
}

function distinct(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== undefined && text !== ''))] as readonly string[];
}

function processFields(
  { pid, image, commandLine }: ProcessFacts,
  more: JsonObject = {},
): JsonObject | undefined {
  return some({
    pid,
    name: image === undefined ? undefined : baseName(image),
    executable: keyword(image),
    command_line: commandLine,
    ...more,
  });
}

function processTree(alert: Alert): JsonObject | undefined {
  const parent = processFields(parentOf(alert));
  const directory = alert.actor === null ? textField(alert, 'CurrentDirectory') : undefined;
  return processFields(processOf(alert), {
    ...some({ working_directory: keyword(directory), parent }),
  });
}

function digestOf({ change }: Alert): string | undefined {
  const digest = change?.after ?? undefined;
  return change !== null && digest !== undefined && isFileDigest(change.artefact.role, digest)
    ? digest
    : undefined;
}

function fileFields(alert: Alert): JsonObject | undefined {
  const path = pathOf(alert);
  if (path === undefined) return undefined;
  return some({
    path: keyword(path),
    name: keyword(baseName(path)),
    directory: keyword(dirname(path)),
    hash: some({ sha256: digestOf(alert) }),
  });
}

function threatFields({ rule }: Alert): JsonObject | undefined {
  const attacks = attacksOf(rule.tags);
  if (attacks.length === 0) return undefined;
  const tactics = attacks.flatMap(({ tactic }) => (tactic === undefined ? [] : [tactic]));
  return some({
    framework: 'MITRE ATT&CK',
    tactic: some({
      id: distinct(tactics.map(({ uid }) => uid)),
      name: distinct(tactics.map(({ name }) => name)),
    }),
    technique: some({
      id: distinct(attacks.map(({ technique }) => technique?.uid)),
      subtechnique: some({ id: distinct(attacks.map(({ sub_technique }) => sub_technique?.uid)) }),
    }),
  });
}

function eventFields(alert: Alert, { context }: FeedRecord): JsonObject | undefined {
  const { ip, domain } = destinationOf(alert);
  const categories = [
    'intrusion_detection',
    ...(processOf(alert).image === undefined ? [] : ['process']),
    ...(pathOf(alert) === undefined ? [] : ['file']),
    ...(ip === undefined && domain === undefined ? [] : ['network']),
  ];
  return some({
    id: alert.id,
    kind: 'alert',
    category: categories,
    type: [isDenial(alert) ? 'denied' : 'info'],
    action: alert.rule.name,
    code: alert.rule.name,
    module: 'sealwatch',
    dataset: 'sealwatch.alert',
    provider: 'sealwatch',
    reason: alert.rule.title,
    sequence: alert.seq,
    severity: SCORES[alert.rule.level],
    created: new Date(context.receivedMs).toISOString(),
    original: JSON.stringify(alert.event),
  });
}

/** What ECS has no field for. Event fields are in `event.original`, so that no host can add to an index's mapping. */
function ownFields(alert: Alert, truncated: boolean): JsonObject | undefined {
  const { server, actor, change } = alert;
  return some({
    level: alert.rule.level,
    count: alert.count,
    server: server === null ? undefined : { ...server },
    actor_in_subtree: actor?.in_subtree,
    change:
      change === null
        ? undefined
        : some({ role: change.artefact.role, before: change.before, after: change.after, diff: change.diff }),
    truncated: truncated ? true : undefined,
  });
}

/**
 * An alert as a document of the Elastic Common Schema 8 (https://www.elastic.co/docs/reference/ecs). The rule's
 * author and licence are in `rule`, as the Detection Rule License asks.
 */
export function toEcs(record: FeedRecord): JsonObject {
  const { alert, truncated } = boundAlert(record.alert);
  const { context } = record;
  const { rule } = alert;
  const destination = destinationOf(alert);
  const document = some({
    '@timestamp': new Date(timeOf(alert, context)).toISOString(),
    ecs: { version: ECS_VERSION },
    message: messageOf(alert),
    tags: rule.tags,
    event: eventFields(alert, record),
    rule: some({
      id: rule.id,
      name: rule.name,
      description: rule.title,
      author: rule.author === null ? undefined : [rule.author],
      license: rule.license ?? undefined,
      ruleset: 'sealwatch',
    }),
    agent: some({ id: context.agent.id, type: 'sealwatch', version: context.agent.version }),
    host: some({
      hostname: alert.host,
      name: alert.host,
      os: some({ full: keyword(context.agent.os) }),
    }),
    user: some({ name: alert.user }),
    process: processTree(alert),
    file: fileFields(alert),
    destination: some({ ...destination, address: destination.domain ?? destination.ip }),
    threat: threatFields(alert),
    related: some({
      hosts: distinct([alert.host, destination.domain]),
      user: distinct([alert.user, textField(alert, 'User')]),
      ip: distinct([destination.ip]),
      hash: distinct([digestOf(alert)]),
    }),
    sealwatch: ownFields(alert, truncated),
  });
  return document ?? {};
}
