/** What tags of rules speak of. */
export interface Framework {
  readonly key: string;
  readonly title: string;
  /** Where its items are described. */
  readonly link: string;
  /** The item that a tag names; null for tags of others. */
  readonly idOf: (tag: string) => string | null;
  readonly linkOf: (id: string) => string | null;
  /** All its items with their titles, where they are few: an item without a rule is named, too. */
  readonly items: Readonly<Record<string, string>> | null;
}

/** OWASP Top 10 for Agentic Applications, 2026. */
const ASI_TITLES = {
  ASI01: 'Agent Goal Hijack',
  ASI02: 'Tool Misuse and Exploitation',
  ASI03: 'Identity and Privilege Abuse',
  ASI04: 'Agentic Supply Chain Vulnerabilities',
  ASI05: 'Unexpected Code Execution',
  ASI06: 'Memory and Context Poisoning',
  ASI07: 'Insecure Inter-Agent Communication',
  ASI08: 'Cascading Failures',
  ASI09: 'Human-Agent Trust Exploitation',
  ASI10: 'Rogue Agents',
} as const;

/** MAESTRO, Cloud Security Alliance, 2025. */
const MAESTRO_TITLES = {
  L1: 'Foundation Models',
  L2: 'Data Operations',
  L3: 'Agent Frameworks',
  L4: 'Deployment and Infrastructure',
  L5: 'Evaluation and Observability',
  L6: 'Security and Compliance',
  L7: 'Agent Ecosystem',
} as const;

const ATTACK = 'https://attack.mitre.org';
const TECHNIQUE = /^attack\.(t\d{4}(?:\.\d{3})?)$/;
/** Groups and software of ATT&CK say who did it before, not what it is. */
const ATTACK_OTHER = /^attack\.(?:[gsc]\d{4}|t\d)/;

/** In the order in which they are shown. */
export const FRAMEWORKS: readonly Framework[] = [
  {
    key: 'attack-technique',
    title: 'MITRE ATT&CK techniques',
    link: `${ATTACK}/techniques/`,
    idOf: (tag) => TECHNIQUE.exec(tag)?.[1]?.toUpperCase() ?? null,
    linkOf: (id) => `${ATTACK}/techniques/${id.replace('.', '/')}/`,
    items: null,
  },
  {
    key: 'attack-tactic',
    title: 'MITRE ATT&CK tactics',
    link: `${ATTACK}/tactics/`,
    idOf: (tag) =>
      tag.startsWith('attack.') && !ATTACK_OTHER.test(tag) ? tag.slice(7).replaceAll('_', '-') : null,
    linkOf: () => null,
    items: null,
  },
  {
    key: 'owasp-asi',
    title: 'OWASP Top 10 for Agentic Applications',
    link: 'https://genai.owasp.org/resource/owasp-top-10-for-agentic-applications-for-2026/',
    idOf: (tag) => /^owasp\.(asi\d\d)$/.exec(tag)?.[1]?.toUpperCase() ?? null,
    linkOf: () => null,
    items: ASI_TITLES,
  },
  {
    key: 'maestro',
    title: 'MAESTRO layers',
    link: 'https://cloudsecurityalliance.org/blog/2025/02/06/agentic-ai-threat-modeling-framework-maestro',
    idOf: (tag) => /^maestro\.(l\d)$/.exec(tag)?.[1]?.toUpperCase() ?? null,
    linkOf: () => null,
    items: MAESTRO_TITLES,
  },
  {
    key: 'nist-csf',
    title: 'NIST Cybersecurity Framework 2.0',
    link: 'https://www.nist.gov/cyberframework',
    idOf: (tag) => /^nist\.csf\.(.+)$/.exec(tag)?.[1]?.toUpperCase() ?? null,
    linkOf: () => null,
    items: null,
  },
  {
    key: 'nist-ai-rmf',
    title: 'NIST AI Risk Management Framework 1.0',
    link: 'https://www.nist.gov/itl/ai-risk-management-framework',
    idOf: (tag) => /^nist\.ai-rmf\.(.+)$/.exec(tag)?.[1]?.replace('-', ' ').toUpperCase() ?? null,
    linkOf: () => null,
    items: null,
  },
];
