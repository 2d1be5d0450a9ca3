import { controlFindings } from '../../inventory/index.ts';
import type { Control, FieldValue, Severity } from '../../wire/index.ts';
import { SEVERITIES } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';

/** Items of a list that are named in one fact. */
const MAX_ITEMS = 100;
/** Characters of an item that are named. */
const MAX_ITEM_CHARS = 256;

/** What tells one control from another across looks. */
export function controlKey(control: Control): string {
  return [control.client, control.kind, control.user, control.project ?? '', control.path, control.key].join(
    '\0',
  );
}

/** Facts about hooks, trust settings and the like that came, went or changed since the last look. */
export function factsOfControls(
  before: ReadonlyMap<string, Control>,
  after: ReadonlyMap<string, Control>,
  time: number,
): readonly Fact[] {
  const facts: Fact[] = [];
  for (const [key, control] of after) {
    const old = before.get(key) ?? null;
    if (old === null) facts.push(controlFact('control_added', null, control, time));
    else if (old.sha256 !== control.sha256) facts.push(controlFact('control_changed', old, control, time));
  }
  for (const [key, control] of before) {
    if (!after.has(key)) facts.push(controlFact('control_removed', control, null, time));
  }
  return facts;
}

function controlFact(change: string, before: Control | null, after: Control | null, time: number): Fact {
  const control = after ?? before;
  if (control === null) throw new TypeError('a change of nothing');
  const fields: Readonly<Record<string, FieldValue>> = {
    'mcp.change': change,
    'mcp.client': control.client,
    'mcp.scope': control.scope,
    'mcp.control_kind': control.kind,
    'mcp.control_key': control.key,
    'mcp.control_before': before?.value ?? null,
    'mcp.control_after': after?.value ?? null,
    ...itemFields(before, after),
    ...severityFields(before, after),
    TargetFilename: control.path,
    User: control.user,
  };
  return {
    time,
    logsource: { category: 'config', product: 'mcp' },
    fields,
    user: control.user,
    server: null,
    actor: null,
    ancestry: [],
    change: {
      artefact: { role: control.kind === 'skill' ? 'prompt' : 'hook', path: control.path },
      before: before?.sha256 ?? null,
      after: after?.sha256 ?? null,
      diff: null,
    },
  };
}

/** What of a list or a map came and went. Of a value that was cut nothing is said: the rest of it is not known. */
function itemFields(before: Control | null, after: Control | null): Readonly<Record<string, FieldValue>> {
  const [old, fresh] = [itemsOf(before), itemsOf(after)];
  if (old === null || fresh === null) return {};
  return {
    'mcp.control_items_added': fresh.filter((item) => !old.includes(item)).slice(0, MAX_ITEMS),
    'mcp.control_items_removed': old.filter((item) => !fresh.includes(item)).slice(0, MAX_ITEMS),
  };
}

/** Items of a list as they are, of a map as `key=value`; none of a single value or a file, null where they are cut. */
function itemsOf(control: Control | null): readonly string[] | null {
  const value = control?.value ?? null;
  if (value === null) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return [];
  const items = Array.isArray(parsed)
    ? parsed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
    : Object.entries(parsed).map(([key, item]) => `${key}=${JSON.stringify(item)}`);
  return items.map((item) => item.slice(0, MAX_ITEM_CHARS));
}

/** How much a trust setting gives away, as a finding would say, and whether that is more than before. */
function severityFields(before: Control | null, after: Control | null): Readonly<Record<string, FieldValue>> {
  const [old, fresh] = [severityOf(before), severityOf(after)];
  return { 'mcp.control_severity': fresh, 'mcp.control_weakened': rank(fresh) > rank(old) };
}

function severityOf(control: Control | null): Severity | null {
  const [finding] = control === null ? [] : controlFindings(control);
  return finding?.severity ?? null;
}

function rank(severity: Severity | null): number {
  return severity === null ? -1 : SEVERITIES.indexOf(severity);
}
