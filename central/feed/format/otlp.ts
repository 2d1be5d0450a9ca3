import type { Severity } from '../../../wire/index.ts';
import type { FeedRecord } from '../record.ts';
import { boundAlert } from './bounds.ts';
import { destinationOf, isDenial, messageOf, parentOf, pathOf, processOf, timeOf } from './facts.ts';

/** SeverityNumber of OpenTelemetry's log data model: INFO, INFO3, WARN, ERROR, FATAL. */
const SEVERITIES: Readonly<Record<Severity, number>> = {
  informational: 9,
  low: 11,
  medium: 13,
  high: 17,
  critical: 21,
};

type Value = string | number | boolean | readonly string[] | null | undefined;

/** OTLP/JSON: 64-bit integers are decimal strings. */
function anyValue(value: string | number | boolean | readonly string[]): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  return { arrayValue: { values: value.map((text) => ({ stringValue: text })) } };
}

function attributes(values: Readonly<Record<string, Value>>): readonly object[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === null || value === undefined || value === '' ? [] : [{ key, value: anyValue(value) }],
  );
}

function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}

/** An alert as an OTLP LogRecord in JSON; attribute names are OpenTelemetry's where it has one, else `sealwatch.*`. */
export function toLogRecord(record: FeedRecord): string {
  const { alert, truncated } = boundAlert(record.alert);
  const { rule, server, change } = alert;
  const process = processOf(alert);
  const parent = parentOf(alert);
  const { ip, port, domain } = destinationOf(alert);
  return JSON.stringify({
    timeUnixNano: nanoseconds(timeOf(alert, record.context)),
    observedTimeUnixNano: nanoseconds(record.context.receivedMs),
    severityNumber: SEVERITIES[rule.level],
    severityText: rule.level,
    eventName: 'sealwatch.alert',
    body: { stringValue: messageOf(alert) },
    attributes: attributes({
      'log.record.uid': alert.id,
      'sealwatch.alert.seq': alert.seq,
      'sealwatch.alert.count': alert.count,
      'sealwatch.alert.denied': isDenial(alert),
      'sealwatch.rule.id': rule.id,
      'sealwatch.rule.name': rule.name,
      'sealwatch.rule.author': rule.author,
      'sealwatch.rule.license': rule.license,
      'sealwatch.rule.tags': rule.tags,
      'sealwatch.server.id': server?.id,
      'sealwatch.server.name': server?.name,
      'sealwatch.server.client': server?.client,
      'sealwatch.server.state': server?.state,
      'sealwatch.change.before': change?.before,
      'sealwatch.change.after': change?.after,
      'sealwatch.change.diff': change?.diff,
      'sealwatch.event': JSON.stringify(alert.event),
      'sealwatch.truncated': truncated ? true : undefined,
      'user.name': alert.user,
      'process.pid': process.pid,
      'process.executable.path': process.image,
      'process.command_line': process.commandLine,
      'process.parent_pid': parent.pid,
      'file.path': pathOf(alert),
      'destination.address': domain ?? ip,
      'destination.port': port,
    }),
  });
}

/** The body of an export request: log records of `toLogRecord`, under the host that each came from. */
export function toExportRequest(
  entries: readonly { readonly record: FeedRecord; readonly text: string }[],
): string {
  const byAgent = Map.groupBy(entries, ({ record }) => `${record.context.agent.id} ${record.alert.host}`);
  const groups = [...byAgent.values()].map((group) => {
    const { alert, context } = (group[0] as (typeof group)[number]).record;
    const resource = {
      attributes: attributes({
        'service.name': 'sealwatch',
        'service.version': context.agent.version,
        'service.instance.id': context.agent.id,
        'host.name': alert.host.slice(0, 255).toWellFormed(),
        'os.description': context.agent.os.slice(0, 255).toWellFormed(),
      }),
    };
    const scope = JSON.stringify({ name: 'sealwatch', version: context.version });
    const records = group.map(({ text }) => text).join(',');
    return `{"resource":${JSON.stringify(resource)},"scopeLogs":[{"scope":${scope},"logRecords":[${records}]}]}`;
  });
  return `{"resourceLogs":[${groups.join(',')}]}`;
}
