import type { FeedRecord } from '../record.ts';
import { boundAlert } from './bounds.ts';
import { destinationOf, timeOf } from './facts.ts';
import { type JsonFormat, toJson } from './json.ts';

export interface HecOptions {
  readonly source: string;
  readonly sourcetype: string;
  readonly index: string | undefined;
  readonly format: JsonFormat;
}

/**
 * An alert as an event of Splunk's HTTP Event Collector ("Format events for HTTP Event Collector"). Indexed fields are
 * few and flat: what one searches by.
 */
export function toHecEvent(record: FeedRecord, options: HecOptions): string {
  const { alert } = boundAlert(record.alert);
  const { source, sourcetype, index, format } = options;
  const fields = {
    alert_id: alert.id,
    agent_id: record.context.agent.id,
    rule: alert.rule.name,
    level: alert.rule.level,
    user: alert.user,
    mcp_server: alert.server?.name,
    mcp_client: alert.server?.client,
    dest_ip: destinationOf(alert).ip,
  };
  return JSON.stringify({
    time: timeOf(alert, record.context) / 1_000,
    ...(alert.host === '' ? {} : { host: alert.host }),
    source,
    sourcetype,
    ...(index === undefined ? {} : { index }),
    event: toJson(record, format),
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value)),
  });
}
