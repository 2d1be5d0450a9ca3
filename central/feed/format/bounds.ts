import type { Alert, FieldValue } from '../../../wire/index.ts';
import { clip } from './text.ts';

/** Bytes, as JSON, that an alert may have when it leaves for a receiver. */
const MAX_ALERT_BYTES = 256 * 1024;

/** How much of an alert is kept, in UTF-16 units and entries. */
interface Bounds {
  /** Of a command line, path, diff or value. */
  readonly text: number;
  /** Of an id, name or title. */
  readonly name: number;
  readonly fields: number;
  /** Of a list: tags, ancestors, values of a field. */
  readonly entries: number;
}

/** From generous to what always fits. */
const STEPS: readonly Bounds[] = [
  { text: 16_384, name: 1_024, fields: 256, entries: 64 },
  { text: 2_048, name: 512, fields: 128, entries: 32 },
  { text: 256, name: 256, fields: 32, entries: 8 },
];

const UNBOUNDED: Bounds = {
  text: Number.POSITIVE_INFINITY,
  name: Number.POSITIVE_INFINITY,
  fields: Number.POSITIVE_INFINITY,
  entries: Number.POSITIVE_INFINITY,
};

export interface BoundedAlert {
  readonly alert: Alert;
  /** Something was cut or left out. */
  readonly truncated: boolean;
}

function boundedTo(alert: Alert, { text, name, fields, entries }: Bounds): Alert {
  const word = (value: string) => clip(value, name);
  const maybe = (value: string | null, units: number) => (value === null ? null : clip(value, units));
  const scalar = <T>(value: T) => (typeof value === 'string' ? clip(value, text) : value);
  const field = (value: FieldValue): FieldValue =>
    Array.isArray(value) ? value.slice(0, entries).map(scalar) : scalar(value);
  const { rule, server, actor, change } = alert;
  return {
    ...alert,
    id: word(alert.id),
    time: word(alert.time),
    host: word(alert.host),
    user: word(alert.user),
    rule: {
      ...rule,
      id: word(rule.id),
      name: word(rule.name),
      title: word(rule.title),
      tags: rule.tags.slice(0, entries).map(word),
      author: maybe(rule.author, name),
      license: maybe(rule.license, name),
    },
    server:
      server === null
        ? null
        : { ...server, id: word(server.id), client: word(server.client), name: word(server.name) },
    event: Object.fromEntries(
      Object.entries(alert.event)
        .slice(0, fields)
        .map(([key, value]) => [word(key), field(value)]),
    ),
    actor:
      actor === null ? null : { ...actor, exe: clip(actor.exe, text), cmdline: clip(actor.cmdline, text) },
    ancestry: alert.ancestry.slice(0, entries).map((ancestor) => ({
      ...ancestor,
      exe: clip(ancestor.exe, text),
      cmdline: clip(ancestor.cmdline, text),
      user: word(ancestor.user),
    })),
    change:
      change === null
        ? null
        : {
            artefact: { role: word(change.artefact.role), path: clip(change.artefact.path, text) },
            before: maybe(change.before, name),
            after: maybe(change.after, name),
            diff: maybe(change.diff, text),
          },
  };
}

/** An alert of bounded size and well-formed text; hosts may have sent up to 4 MiB. */
export function boundAlert(alert: Alert): BoundedAlert {
  const whole = JSON.stringify(alert);
  let bounded = '';
  let kept = alert;
  for (const bounds of STEPS) {
    kept = boundedTo(alert, bounds);
    bounded = JSON.stringify(kept);
    if (Buffer.byteLength(bounded) <= MAX_ALERT_BYTES) break;
  }
  // Text that was no Unicode is shorter once it is well-formed, though nothing was cut.
  const truncated =
    bounded.length < whole.length && bounded.length < JSON.stringify(boundedTo(alert, UNBOUNDED)).length;
  return { alert: kept, truncated };
}
