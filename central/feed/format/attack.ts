/**
 * Sigma tags (specification 2.1, appendix "Tags") as OCSF attack objects. Tactics of MITRE ATT&CK
 * Enterprise by the name that Sigma gives them.
 */
const TACTICS: Readonly<Record<string, readonly [uid: string, name: string]>> = {
  reconnaissance: ['TA0043', 'Reconnaissance'],
  'resource-development': ['TA0042', 'Resource Development'],
  'initial-access': ['TA0001', 'Initial Access'],
  execution: ['TA0002', 'Execution'],
  persistence: ['TA0003', 'Persistence'],
  'privilege-escalation': ['TA0004', 'Privilege Escalation'],
  'defense-evasion': ['TA0005', 'Defense Evasion'],
  'credential-access': ['TA0006', 'Credential Access'],
  discovery: ['TA0007', 'Discovery'],
  'lateral-movement': ['TA0008', 'Lateral Movement'],
  collection: ['TA0009', 'Collection'],
  exfiltration: ['TA0010', 'Exfiltration'],
  'command-and-control': ['TA0011', 'Command and Control'],
  impact: ['TA0040', 'Impact'],
};
const TECHNIQUE = /^(?:attack\.|atlas\.)((?:aml\.)?t\d{4})(\.\d{3})?$/;

export interface Attack {
  readonly tactic?: { readonly uid: string; readonly name: string };
  readonly technique?: { readonly uid: string };
  readonly sub_technique?: { readonly uid: string };
}

function tacticOf(tag: string): Attack['tactic'] {
  const key = tag.startsWith('attack.') ? tag.slice('attack.'.length).replaceAll('_', '-') : '';
  const known = Object.hasOwn(TACTICS, key) ? TACTICS[key] : undefined;
  return known === undefined ? undefined : { uid: known[0], name: known[1] };
}

function techniqueOf(tag: string): Attack | undefined {
  const match = TECHNIQUE.exec(tag);
  const technique = match?.[1]?.toUpperCase();
  if (technique === undefined) return undefined;
  const sub = match?.[2];
  return {
    technique: { uid: technique },
    ...(sub === undefined ? {} : { sub_technique: { uid: `${technique}${sub}` } }),
  };
}

/**
 * Attacks of a rule's tags. A tag does not say which tactic a technique serves, so the two are put
 * together only where there is one tactic; other tags (groups, software, OWASP…) are no attacks.
 */
export function attacksOf(tags: readonly string[]): readonly Attack[] {
  const names = [...new Set(tags.map((tag) => tag.toLowerCase()))];
  const tactics = names.map(tacticOf).filter((tactic) => tactic !== undefined);
  const techniques = names.map(techniqueOf).filter((technique) => technique !== undefined);
  const [only, ...others] = tactics;
  if (only !== undefined && others.length === 0 && techniques.length > 0) {
    return techniques.map((technique) => ({ tactic: only, ...technique }));
  }
  return [...tactics.map((tactic) => ({ tactic })), ...techniques];
}
