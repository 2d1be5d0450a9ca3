import type { CentralLog } from '../../log.ts';
import type { FeedSettings } from '../settings.ts';
import type { Sink } from '../sink.ts';
import { elasticsearchSink } from './elasticsearch.ts';
import { FileSink } from './file.ts';
import { HecSink } from './hec.ts';
import { NatsSink } from './nats.ts';
import { otlpSink } from './otlp.ts';
import { SyslogSink } from './syslog.ts';
import { webhookSink } from './webhook.ts';

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
