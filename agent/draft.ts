import type { Hit } from '../rules/engine/index.ts';
import type { FieldValue } from '../wire/index.ts';
import type { Fact } from './fact.ts';
import type { Draft } from './state/spool.ts';

/** Characters of one text in an alert's event; rules see all of it. */
const MAX_EVIDENCE_CHARS = 4_096;
/** Items of one list in an alert's event. */
const MAX_EVIDENCE_ITEMS = 100;

/** The alert that a hit amounts to; of a correlation the evidence is its last event. */
export function draftOf({ rule, correlation }: Hit, fact: Fact, host: string): Draft {
  const { id, name, title, level, tags, author, license } = rule;
  return {
    time: new Date(fact.time).toISOString(),
    host,
    user: fact.user,
    rule: { id, name, title, level, tags: [...tags], author, license },
    server: fact.server,
    event: bounded(
      correlation === null ? fact.fields : { ...fact.fields, ...correlationFields(correlation) },
    ),
    actor: fact.actor,
    ancestry: fact.ancestry,
    change: fact.change,
    count: 1,
  };
}

function correlationFields({
  value,
  count,
  first,
  last,
  rules,
  group,
}: NonNullable<Hit['correlation']>): Record<string, FieldValue> {
  return {
    'correlation.value': value,
    'correlation.count': count,
    'correlation.first': new Date(first).toISOString(),
    'correlation.last': new Date(last).toISOString(),
    'correlation.rules': [...rules],
    'correlation.group': Object.entries(group).map(([name, of]) => `${name}=${of ?? ''}`),
  };
}

/** Fields as evidence: an entry of megabytes must not make an alert that no frame can carry. */
function bounded(fields: Fact['fields']): Record<string, FieldValue> {
  const cut = <T>(value: T): T | string =>
    typeof value === 'string' && value.length > MAX_EVIDENCE_CHARS
      ? `${value.slice(0, MAX_EVIDENCE_CHARS)}…`
      : value;
  const entries = Object.entries(fields).map(([name, value]): [string, FieldValue] => [
    name,
    Array.isArray(value) ? value.slice(0, MAX_EVIDENCE_ITEMS).map(cut) : cut(value),
  ]);
  return Object.fromEntries(entries);
}
