import type { Control, FieldValue } from '../../wire/index.ts';
import type { Fact } from '../fact.ts';

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
