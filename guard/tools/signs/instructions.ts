import { type Phrase, Phrases } from './phrase.ts';

const NOT = "(do not|don't|dont|never|must not|mustn't|should not|shouldn't|avoid|without)";
const STRESS = '(ever|explicitly|directly|also|even|under any circumstances|at any point|in any way)?';
const TELL =
  '(tell|telling|mention|mentioning|inform|informing|notify|notifying|alert|alerting|warn|warning|reveal|revealing|disclose|disclosing|say anything|say a word)';
const THE_USER = '(user|human)';
const IGNORE = '(ignore|disregard|forget|discard|bypass)';
const ORDERS =
  '(instructions|instruction|prompts|prompt|guidelines|guideline|directives|directive|guardrails|safeguards)';
const USING = '(executing|execute|using|use|calling|call|invoking|invoke|running|run|performing|perform)';
const EVERY = '(any|every|each|all)';
const MESSAGES =
  '(email*|e-mail*|mail*|message*|payment*|transfer*|conversation*|chat*|response*|request*|data|file*|order*|contact*)';

/** What only somebody writes who wants the model to act behind the user's back. */
const PHRASES: readonly Phrase[] = [
  // Secrecy
  {
    says: `${NOT} ${STRESS} ${TELL} ~14 ${THE_USER}`,
    unless: /\b(?:unless|until|if|when|passwords?|secrets?|tokens?|api keys?|credentials)\b/,
    unlessBefore: /^(?:(?:[^ .;!?]+ ){0,8}(?:unless|until)|twice|again)\b/,
  },
  { says: `(hide|conceal) (this|it|that|these|everything) ~3 from (the)? ${THE_USER}` },
  { says: `keep ~4 (secret|hidden|confidential) from (the)? ${THE_USER}` },
  {
    says: `(user|human) (must not|must never|should not|should never|shouldn't|mustn't) (know|see|notice|learn|find out|be told|be informed|be aware|be notified|be shown)`,
  },
  {
    says: `without (the)? (user|user's|users|users'|human|human's) (knowledge|noticing|knowing|being aware|awareness)`,
  },
  { says: `(no|without) (need|reason) to ${TELL} ~6 ${THE_USER}` },
  { says: 'without (raising|arousing) (any)? suspicion' },
  { says: '(secretly|covertly|surreptitiously|stealthily)' },
  {
    says: '(silently|quietly) (read|send|forward|copy|upload|call|invoke|collect|include|exfiltrate|execute|run|fetch|record)',
  },
  { says: `(do not|don't|never) (ask|request|seek|wait) ~5 (permission|confirmation|approval|consent)` },
  // Other orders are to give way
  {
    says: `${IGNORE} ~3 (previous|prior|earlier|above|preceding|foregoing|system|original|safety|your|all) ~2 ${ORDERS}`,
  },
  { says: `override ~2 (previous|prior|earlier|above|safety) ~2 ${ORDERS}` },
  {
    says: `${IGNORE} ~1 (your|previous|prior|safety|system) ~1 (rules|restrictions|constraints|policies|training)`,
  },
  {
    says: 'this (instruction|tool|message|description) (overrides|supersedes|takes precedence over) ~3 (other|previous|system|all|user*)',
  },
  {
    says: '(you are now|pretend to be|from now on you are|act as) ~2 (unrestricted|jailbroken|developer mode|dan)',
  },
  {
    says: `(instruction|instructions|directive|note) ~3 (not|hidden|invisible|never|only) ~3 (user|human|ai|llm|model|assistant)`,
  },
  // Orders about what is none of this tool's business ("line jumping")
  { says: `before ~1 ${USING} ${EVERY} ~1 (command|commands|shell command*|terminal command*)` },
  { says: 'before (anything|everything) (involving|related to|concerning|else in)' },
  { says: 'before (asking clarifying questions|providing any content|providing any answer)' },
  {
    says: `before ~1 ${USING} ${EVERY} ~1 (tool|tools) ~8 (other|another|every|any|all|whatever) (mcp)? (server|servers)`,
  },
  { says: '(even|also|apply|account|effect) (without|before) (calling|using|invoking) this tool' },
  { says: `(prefix|prepend|precede) ${EVERY} ~2 command*` },
  {
    says: 'commands (must|should|have to) (include|have|carry|use|start with|begin with|be run with) (the|a)? prefix',
  },
  {
    says: 'before (using|calling|invoking|running|executing) this (tool|function) ~8 (run|execute|fetch|download|open|read|cat|send|upload|post) ~4 {place}',
  },
  {
    says: 'before (using|calling|invoking|running|executing) this (tool|function) ~6 (run|execute) ~2 (curl|wget|bash|sh|chmod|powershell|python|node)',
  },
  // What is sent goes to somebody else
  {
    says: `(send|forward|redirect|bcc|cc|copy|deliver|route|transmit|upload) ~1 (all|every|each|any|full|entire) ~5 ${MESSAGES} ~4 to {address}`,
    unless: /\b(?:localhost|127\.0\.0\.1|example\.(?:com|org|net))\b/,
  },
  {
    says: `(change|replace|set|modify|substitute|swap|alter) ~3 (recipient*|address|number|account|iban|wallet) ~3 (to|with|by) {address}`,
    unless: /\bexample\.(?:com|org|net)\b/,
  },
  { says: `(bcc|cc) ~4 {address}`, unless: /@example\.(?:com|org|net)\b/ },
];

const phrases = new Phrases(PHRASES);

/**
 * Marks that say to a model that somebody with authority speaks: tags of that name (of names that are placeholders as well
 * only the closing one), and the tokens and brackets by which models tell roles apart.
 */
const AUTHORITY =
  /<\s*important\s*>|<\s*(?:system[_-]prompt|user[_-]instructions?)\s*>|<\s*\/\s*(?:important|system|secret|hidden|admin|override|critical)\s*>|<\|[a-z_]{2,30}\|>|<<\/?sys>>|\[\/?inst\]|\[(?:system|admin|hidden|secret) (?:prompt|message|instruction|override|note)s?\]/;

/** The words of an order to the model in a text, which must be `plainWords`; null where there is none. */
export function instructionIn(text: string): string | null {
  return AUTHORITY.exec(text)?.[0] ?? phrases.find(text);
}
