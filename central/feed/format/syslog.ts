import type { Severity } from '../../../wire/index.ts';
import type { FeedRecord } from '../record.ts';
import { boundAlert } from './bounds.ts';
import { toCef } from './cef.ts';
import { timeOf } from './facts.ts';
import { clip, visible } from './text.ts';

/** Syslog severity (RFC 5424, 6.2.1) of a level. */
const SEVERITIES: Readonly<Record<Severity, number>> = {
  informational: 6,
  low: 5,
  medium: 4,
  high: 3,
  critical: 2,
};
/** 32473 is the enterprise number of examples (RFC 5612): Sealwatch has none of its own. */
const SD_ID = 'sealwatch@32473';
/** Characters of header fields (RFC 5424, 6). */
const MAX_HOST_CHARACTERS = 255;
const MAX_MESSAGE_ID_CHARACTERS = 32;
/** Characters of a parameter of the structured data. */
const MAX_PARAMETER_CHARACTERS = 128;
/** Shares of CEF's limits that are tried until a message fits. */
const SHARES = [1, 0.5, 0.25, 0.1, 0.03, 0] as const;
const BOM = '\ufeff';

export interface SyslogOptions {
  /** 0–23 */
  readonly facility: number;
  /** Bytes of a message at most; at least 4,096, in which the smallest always fits. */
  readonly maxBytes: number;
}

function printable(text: string, limit: number): string {
  return text.replaceAll(/[^!-~]/g, '_').slice(0, limit) || '-';
}

function parameter(name: string, value: string): string {
  const text = visible(clip(value, MAX_PARAMETER_CHARACTERS)).replaceAll(/["\\\]]/g, '\\$&');
  return `${name}="${text}"`;
}

/**
 * An alert as an RFC 5424 message whose text is CEF in UTF-8 with a BOM. Nothing in it breaks a line, whatever a host
 * wrote into a command line.
 * @throws {Error} where it does not fit
 */
export function toSyslog(record: FeedRecord, { facility, maxBytes }: SyslogOptions): string {
  const bounded = boundAlert(record.alert);
  const { alert } = bounded;
  const shown: FeedRecord = { ...record, alert };
  const head = [
    `<${facility * 8 + SEVERITIES[alert.rule.level]}>1`,
    new Date(timeOf(alert, record.context)).toISOString(),
    printable(alert.host, MAX_HOST_CHARACTERS),
    'sealwatch',
    '-',
    printable(alert.rule.name, MAX_MESSAGE_ID_CHARACTERS),
  ].join(' ');
  const whole = toCef(shown, 1);
  for (const share of SHARES) {
    const cef = share === 1 ? whole : toCef(shown, share);
    const isCut = bounded.truncated || cef !== whole;
    const data = [
      SD_ID,
      parameter('id', alert.id),
      parameter('seq', String(alert.seq)),
      parameter('rule', alert.rule.name),
      parameter('level', alert.rule.level),
      ...(isCut ? [parameter('truncated', 'true')] : []),
    ].join(' ');
    const message = `${head} [${data}] ${BOM}${cef}`;
    if (Buffer.byteLength(message) <= maxBytes) return message;
  }
  throw new Error(`is over ${maxBytes} bytes`);
}

/** A message as RFC 6587 (3.4.1) and RFC 5425 (4.3) frame it: its bytes, counted, in front. */
export function octetCounted(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`;
}
