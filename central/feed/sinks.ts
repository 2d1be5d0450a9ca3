import type { CentralLog } from '../log.ts';
import type { FeedSettings } from './settings.ts';
import { elasticsearchSink } from './sink/elasticsearch.ts';
import { FileSink } from './sink/file.ts';
import { HecSink } from './sink/hec.ts';
import { NatsSink } from './sink/nats.ts';
import { otlpSink } from './sink/otlp.ts';
import { SyslogSink } from './sink/syslog.ts';
import { webhookSink } from './sink/webhook.ts';
import type { Sink } from './sink.ts';

/** The sink of a feed's type, not yet connected. `clock` gives milliseconds since the epoch. */
export function buildSink(
  settings: FeedSettings,
  { log, clock }: { readonly log: CentralLog; readonly clock: () => number },
): Sink {
  switch (settings.type) {
    case 'file':
      return new FileSink(settings.path, log);
    case 'syslog':
      return new SyslogSink(settings);
    case 'hec':
      return new HecSink(settings);
    case 'webhook':
      return webhookSink(settings, clock);
    case 'otlp':
      return otlpSink(settings);
    case 'elasticsearch':
      return elasticsearchSink(settings);
    case 'nats':
      return new NatsSink(settings);
  }
}
