import { isIPv6 } from 'node:net';
import type { Alert, Severity } from '../../../wire/index.ts';
import type { FeedRecord } from '../record.ts';
import { destinationOf, isDenial, messageOf, parentOf, pathOf, processOf, timeOf } from './facts.ts';
import { clip, visible } from './text.ts';

/** CEF severity, 0–10. */
const SEVERITIES: Readonly<Record<Severity, number>> = {
  informational: 1,
  low: 3,
  medium: 5,
  high: 8,
  critical: 10,
};
/** Characters of the fields of the header, which CEF does not bound. */
const MAX_VERSION_CHARACTERS = 32;
const MAX_SIGNATURE_CHARACTERS = 128;
const MAX_NAME_CHARACTERS = 512;

/** An extension: key, value before escaping, and the characters that CEF's dictionary allows it. */
type Extension = readonly [key: string, value: string | number | null | undefined, limit: number];

function header(text: string, limit: number): string {
  return visible(clip(text, limit)).replaceAll(/[\\|]/g, '\\$&');
}

function extension(text: string, limit: number): string {
  return clip(text, limit)
    .split(/\r\n|\n|\r/)
    .map((line) => visible(line).replaceAll(/[\\=]/g, '\\$&'))
    .join('\\n');
}

function labelled(number: number, label: string, value: string | null | undefined): readonly Extension[] {
  return value === null || value === undefined || value === ''
    ? []
    : [
        [`cs${number}Label`, label, 1_023],
        [`cs${number}`, value, 4_000],
      ];
}

function extensionsOf(alert: Alert, { context }: FeedRecord): readonly Extension[] {
  const { rule, server, change } = alert;
  const process = processOf(alert);
  const parent = parentOf(alert);
  const { ip, port, domain } = destinationOf(alert);
  return [
    ['externalId', alert.id, 64],
    ['rt', timeOf(alert, context), 32],
    ['dvchost', alert.host, 100],
    ['deviceExternalId', context.agent.id, 255],
    ['act', isDenial(alert) ? 'Denied' : 'Observed', 63],
    ['cnt', alert.count, 16],
    ['suser', alert.user, 1_023],
    ['sproc', process.image, 1_023],
    ['spid', process.pid, 16],
    ['filePath', pathOf(alert), 1_023],
    ['oldFileHash', change?.before, 255],
    ['fileHash', change?.after, 255],
    [ip !== undefined && isIPv6(ip) ? 'c6a3' : 'dst', ip, 64],
    ...(ip !== undefined && isIPv6(ip) ? [['c6a3Label', 'Destination IPv6 Address', 64] as const] : []),
    ['dpt', port, 8],
    ['dhost', domain, 1_023],
    ...labelled(1, 'commandLine', process.commandLine),
    ...labelled(2, 'ruleAuthor', rule.author),
    ...labelled(3, 'ruleLicense', rule.license),
    ...labelled(4, 'mcpServer', server === null ? null : `${server.client}/${server.name} (${server.state})`),
    ...labelled(5, 'parentProcess', parent.commandLine ?? parent.image),
    ...labelled(6, 'tags', rule.tags.join(',')),
    ['msg', messageOf(alert), 1_023],
  ];
}

/**
 * An alert as ArcSight Common Event Format, version 0 (CEF Implementation Standard, revision 26). `share` shrinks
 * the limits of all values but the alert's id, so that a message can be made to fit. Control characters are shown
 * as pictures; a line break becomes `\n`, as the standard has it.
 */
export function toCef(record: FeedRecord, share = 1): string {
  const { alert } = record;
  const { rule } = alert;
  const shrunk = (limit: number) => Math.max(16, Math.floor(limit * share));
  const head = [
    'CEF:0',
    'Sealwatch',
    'Sealwatch',
    header(record.context.version, MAX_VERSION_CHARACTERS),
    header(rule.name, MAX_SIGNATURE_CHARACTERS),
    header(rule.title, shrunk(MAX_NAME_CHARACTERS)),
    SEVERITIES[rule.level],
  ].join('|');
  const extensions = extensionsOf(alert, record)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([key, value, limit]) => {
      const most = key === 'externalId' || key.endsWith('Label') ? limit : shrunk(limit);
      return `${key}=${typeof value === 'number' ? value : extension(String(value), most)}`;
    });
  return `${head}|${extensions.join(' ')}`;
}
