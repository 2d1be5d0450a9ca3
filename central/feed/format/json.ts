import type { FeedRecord } from '../record.ts';
import { boundAlert } from './bounds.ts';
import { toEcs } from './ecs.ts';
import type { Json } from './evidence.ts';
import { toDetectionFinding } from './ocsf.ts';

/** What one alert becomes where a receiver takes any JSON. */
export type JsonFormat = 'alert' | 'ocsf' | 'ecs';

/** An alert in one of the JSON formats; where it was cut to size, the object says `truncated`. */
export function toJson(record: FeedRecord, format: JsonFormat): { readonly [key: string]: unknown } {
  const { alert, truncated } = boundAlert(record.alert);
  switch (format) {
    case 'alert':
      return truncated ? { ...alert, truncated } : alert;
    case 'ocsf': {
      const finding = toDetectionFinding(alert, record.context);
      const unmapped: Json | undefined = finding['unmapped'];
      return truncated ? { ...finding, unmapped: { ...Object(unmapped), truncated } } : finding;
    }
    case 'ecs':
      return toEcs(record);
  }
}
